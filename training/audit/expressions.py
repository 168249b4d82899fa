"""How likely each expression label of a set of faces is wrong."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from model.attributes import Vector
from training.audit.doubts import Doubts

FOLDS = 5
STRENGTH = 10.0
"""Inverse of the regression's regularisation."""


def doubt_expressions(vectors: Vector, labels: Sequence[str | None], seed: int = 0) -> Doubts:
    """Judge labels by unit vectors `(n, d)`; those that fewer faces have than there are folds are not judged.

    The score is 1 - P(label | face), with probabilities for each fold from a multinomial logistic regression on the
    others: one minus the self-confidence of confident learning (Northcutt, Jiang and Chuang 2021). Expressions overlap
    and some are rare, so that means of classes, which serve for people, tell them apart less well.
    """
    counts = {label: labels.count(label) for label in set(labels) if label is not None}
    common = sorted(label for label, count in counts.items() if count >= FOLDS)
    judged = np.array([row for row, label in enumerate(labels) if label in common], np.int64)
    wrong = np.full(len(labels), np.nan)
    nearest: list[str | None] = [None] * len(labels)
    if len(common) < 2:
        return Doubts(wrong, nearest, {}, float("nan"))
    numbers = np.array([common.index(str(labels[row])) for row in judged])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    likely = cross_val_predict(model, vectors[judged], numbers, cv=folds, method="predict_proba")
    own = likely[np.arange(len(judged)), numbers]
    wrong[judged] = 1.0 - own
    likely[np.arange(len(judged)), numbers] = -1.0
    for row, other in zip(judged, likely.argmax(axis=1), strict=True):
        nearest[row] = common[other]
    typical = {common[numbers[place]]: int(judged[place]) for place in np.argsort(own)}
    return Doubts(wrong, nearest, typical, float("nan"))
