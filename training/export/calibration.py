"""Fit a finished model's decisions: the verification curve, the expressions' mean directions and their classifier."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from model.attributes import Attribute, Vector, part
from model.calibration import Calibration
from training.evaluation.faces import Faces
from training.evaluation.verification.lfw import random_pairs
from training.targets.expression import EXPRESSIONS

FEWEST = 10
"""Faces that a label must have to get a mean."""
PRIOR = 0.25
"""The power of the labels' frequencies that is their prior. An even one (0) calls neutral faces sad; the frequencies
themselves (1) never find rare expressions. Chosen on validation people, of whom 84 % are then named rightly, 62 % as
the mean of all labels; 69 and 63 % with 0, 87 and 41 % with 1."""


def calibrate(training: Faces, validation: Faces) -> Calibration:
    """Class means and classifier from training faces; the verification curve from validation people.

    Validation people are people for whom the networks were not trained, so that the threshold fits strangers.
    """
    pairs = random_pairs(validation)
    threshold, slope = fit_logistic(pairs.by(Attribute.IDENTITY), pairs.same)
    vectors, labels = part(training.embeddings, Attribute.EXPRESSION), training.labels.expression.numpy()
    means = class_means(vectors, labels)
    return Calibration(threshold, slope, means, fit_classifier(vectors, labels, [*means]))


def fit_logistic(scores: NDArray[np.floating], same: NDArray[np.bool_]) -> tuple[float, float]:
    """Threshold and slope of p = 1 / (1 + exp(-slope (score - threshold))) with the greatest likelihood.

    The truth is taken as almost certain instead of certain, (n + 1) / (n + 2) of n pairs (Platt 1999): pairs that a
    threshold separates without error would otherwise make the slope infinite.
    """
    x = torch.as_tensor(scores).double()
    matched, mismatched = int(same.sum()), int((~same).sum())
    y = torch.where(torch.as_tensor(same), (matched + 1) / (matched + 2), 1 / (mismatched + 2)).double()
    parameters = torch.tensor([0.0, 1.0], dtype=torch.double, requires_grad=True)  # offset, slope
    optimiser = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(parameters[0] + parameters[1] * x, y)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    offset, slope = parameters.detach().tolist()
    return -offset / slope, slope


def class_means(vectors: Vector, labels: NDArray[np.integer]) -> dict[str, Vector]:
    """The mean direction of each expression that has enough faces."""
    means = {}
    for number, label in enumerate(EXPRESSIONS):
        mine = vectors[labels == number]
        if len(mine) >= FEWEST:
            mean = mine.mean(axis=0)
            means[label] = np.asarray(mean / np.linalg.norm(mean), np.float32)
    return means


def fit_classifier(vectors: Vector, labels: NDArray[np.integer], names: Sequence[str]) -> dict[str, Vector]:
    """Logistic regression of the named labels on expressions `(n, 32)`; empty if fewer than two are named.

    Fitted with labels that weigh the same, however many faces each has; then their frequencies, to the power of PRIOR,
    are the prior.
    """
    if len(names) < 2:
        return {}
    numbers = [EXPRESSIONS.index(name) for name in names]
    rows = np.isin(labels, numbers)
    known = vectors[rows].astype(np.float64)
    fitted = LogisticRegression(class_weight="balanced", max_iter=2000).fit(known, labels[rows])
    # Of two labels sklearn has one row, whose logit is that of the second over the first.
    both = [np.zeros_like(fitted.coef_[0]), fitted.coef_[0]] if len(names) == 2 else [*fitted.coef_]
    constants = [0.0, fitted.intercept_[0]] if len(names) == 2 else [*fitted.intercept_]
    counts = np.array([np.count_nonzero(labels == number) for number in fitted.classes_])
    constants = np.asarray(constants) + PRIOR * np.log(counts / counts.sum())
    rows_of = {int(number): np.append(both[i], constants[i]) for i, number in enumerate(fitted.classes_)}
    return {name: rows_of[number].astype(np.float32) for name, number in zip(names, numbers, strict=True)}
