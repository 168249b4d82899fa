"""Fit a finished model's decisions: the verification curve and the expressions' mean directions."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from model.attributes import Attribute, Vector, part
from model.calibration import Calibration
from training.evaluation.faces import Faces
from training.evaluation.verification.lfw import random_pairs
from training.targets.expression import EXPRESSIONS

FEWEST = 10
"""Faces that a label must have to get a mean."""


def calibrate(training: Faces, validation: Faces) -> Calibration:
    """Class means from training faces; verification curve and sharpness from validation people.

    Validation people are people for whom the networks were not trained, so that the threshold fits strangers.
    """
    pairs = random_pairs(validation)
    threshold, slope = fit_logistic(pairs.by(Attribute.IDENTITY), pairs.same)
    means = class_means(part(training.embeddings, Attribute.EXPRESSION), training.labels.expression.numpy())
    sharpness = fit_sharpness(
        part(validation.embeddings, Attribute.EXPRESSION), validation.labels.expression.numpy(), means
    )
    return Calibration(threshold, slope, means, sharpness)


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


def fit_sharpness(vectors: Vector, labels: NDArray[np.integer], means: dict[str, Vector]) -> float:
    """The factor on cosines that makes their softmax the likeliest probabilities, from 1 to 100."""
    known = [number for number, label in enumerate(EXPRESSIONS) if label in means]
    rows = np.isin(labels, known)
    if not rows.any():
        return Calibration().expression_sharpness
    cosines = torch.as_tensor(vectors[rows] @ np.stack([means[EXPRESSIONS[number]] for number in known]).T)
    truth = torch.as_tensor([known.index(int(label)) for label in labels[rows]])
    choices = np.geomspace(1.0, 100.0, 60)
    losses = [float(F.cross_entropy(cosines * float(choice), truth)) for choice in choices]
    return float(choices[int(np.argmin(losses))])
