"""What people's ratings of faces depend on within one attribute: a direction, and faces drawn along it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest
from worker.stimuli.geometry import aside, moved, with_part
from worker.stimuli.stimulus import Embedding, Kind, Stimulus, Studio

PENALTIES = tuple(10.0**power for power in range(-4, 5))
FOLDS = 10

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Direction:
    """A ridge regression of ratings on a sub-vector."""

    attribute: Attribute
    weights: Vector
    """`(size,)`; the direction in which the predicted rating rises."""
    intercept: float
    r2: float
    """On faces that the regression has not seen; at most 1, below 0 where it is worse than the mean rating."""
    penalty: float

    def predicted(self, embeddings: Vector) -> Vector:
        """The ratings `(...)` that it predicts for embeddings `(..., 99)`."""
        return np.asarray(part(embeddings, self.attribute) @ self.weights + self.intercept, np.float32)


class Along(Kind):
    """A face moved along a direction within one attribute, by so many degrees each."""

    kind: Literal["along"] = "along"
    face: Embedding
    attribute: Attribute
    weights: list[float]
    intercept: float = 0.0
    degrees: list[float] = Field([-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0], min_length=1)

    @property
    def count(self) -> int:
        """One for each angle."""
        return len(self.degrees)

    @property
    def in_a_row(self) -> int:
        """All angles."""
        return len(self.degrees)

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """A face for each angle, with the rating that the regression predicts for it."""
        del studio
        weights = np.array(self.weights, np.float32)
        if weights.shape != (SPACES[self.attribute].size,):
            raise InvalidRequest(f"A direction within {self.attribute} has {SPACES[self.attribute].size} numbers.")
        own = part(self.face, self.attribute)
        towards = aside(self.attribute, own, weights)
        stimuli = []
        for number, degrees in enumerate(self.degrees, start=1):
            vector = moved(self.attribute, own, towards, float(np.radians(degrees)))
            columns = {"degrees": degrees, "predicted": float(vector @ weights) + self.intercept}
            stimuli.append(Stimulus(f"along-{number:03}", with_part(self.face, self.attribute, vector), columns))
        return stimuli


def fit(
    embeddings: Vector,
    ratings: Sequence[float] | _Numbers,
    attribute: Attribute,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Direction:
    """Regress ratings `(n,)` on one attribute of embeddings `(n, 99)`.

    The penalty is the one with the least leave-one-out error. R² is of ten folds, for each of which penalty and weights
    are chosen anew on the others; faces of one group, such as a person, share a fold. Raises InvalidRequest.
    """
    x, y = np.asarray(part(embeddings, attribute), np.float64), np.asarray(ratings, np.float64)
    if y.shape != (len(x),) or not np.isfinite(y).all():
        raise InvalidRequest(f"There are {len(x)} faces; give one finite rating for each.")
    fold = _folds(len(x) if groups is None else groups, seed)
    if fold.max() < 1 or np.ptp(y) == 0.0:
        raise InvalidRequest("Ratings that are all the same, or of one face or group, have no direction.")
    left_out = np.empty_like(y)
    for number in range(fold.max() + 1):
        seen = fold != number
        weights, intercept, _ = _ridge(x[seen], y[seen])
        left_out[~seen] = x[~seen] @ weights + intercept
    r2 = 1.0 - ((y - left_out) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    weights, intercept, penalty = _ridge(x, y)
    return Direction(attribute, np.asarray(weights, np.float32), intercept, float(r2), penalty)


def _folds(groups: int | Sequence[Hashable], seed: int) -> NDArray[np.int64]:
    """The fold of each face `(n,)`, drawn by group."""
    labels = range(groups) if isinstance(groups, int) else groups
    known = list(dict.fromkeys(labels))
    order = np.random.default_rng(seed).permutation(len(known))
    fold_of = {label: int(place) % min(FOLDS, len(known)) for label, place in zip(known, order, strict=True)}
    return np.array([fold_of[label] for label in labels], np.int64)


def _ridge(x: _Numbers, y: _Numbers) -> tuple[_Numbers, float, float]:
    """Weights `(k,)`, intercept and penalty of the ridge regression with the least leave-one-out error.

    With X = U S Vᵀ centred, the prediction is U D Uᵀ y with D = S²/(S² + penalty), and a left-out error the error over
    1 - h - 1/n, h being the diagonal of U D Uᵀ (Hastie, Tibshirani and Friedman, "The Elements of Statistical
    Learning", 7.10).
    """
    middle, rating = x.mean(axis=0), y.mean()
    u, s, vt = np.linalg.svd(x - middle, full_matrices=False)
    turned = u.T @ (y - rating)
    best, least = PENALTIES[-1], np.inf
    for penalty in PENALTIES:
        kept = s**2 / (s**2 + penalty)
        free = np.maximum(1.0 - (u**2) @ kept - 1.0 / len(y), 1e-9)
        error = float((((y - rating - u @ (kept * turned)) / free) ** 2).mean())
        if error < least:
            best, least = penalty, error
    weights = vt.T @ (s / (s**2 + best) * turned)
    return weights, float(rating - middle @ weights), best
