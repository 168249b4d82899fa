"""Unit targets for a sub-vector, projected from an outside network's features."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector
from training.data.blendshapes import BLENDSHAPES, mirrored, mirrored_pose

DEGREE = 3
"""Of the polynomial in the angles that is taken out of the blendshapes."""
GAZE, GAZE_WEIGHT = "eyeLook", 0.3
"""Where somebody looks is little of an expression, and much of the blendshapes' variance."""
RESTING = "_neutral"
"""A score that says of all others together that they are small."""


@dataclass(frozen=True)
class Projection:
    """x -> normalise([pole; (x - mean) · axes]): principal components, lifted onto the unit sphere.

    With a pole above 0 the average face lies at the sphere's pole instead of in no direction at all, so that small
    deviations from it, such as a neutral expression's, stay small angles.
    """

    mean: Vector
    axes: NDArray[np.float32]
    pole: float

    @classmethod
    def fit(cls, features: Vector, size: int, pole_share: float = 0.0) -> "Projection":
        """Fit to features `(n, d)`; the result has `size` numbers, one of them the pole if `pole_share` > 0.

        `pole_share` is the pole over the median length of the projected features.
        """
        mean = features.mean(axis=0)
        _, _, rows = np.linalg.svd(features - mean, full_matrices=False)
        axes = np.ascontiguousarray(rows[: size - (pole_share > 0)].T, np.float32)
        lengths = np.linalg.norm((features - mean) @ axes, axis=1)
        return cls(np.asarray(mean, np.float32), axes, float(pole_share * np.median(lengths)))

    def __call__(self, features: Vector) -> Vector:
        """Unit targets `(n, size)` of features `(n, d)`."""
        projected = (features - self.mean) @ self.axes
        if self.pole > 0:
            projected = np.concatenate([np.full((len(projected), 1), self.pole, np.float32), projected], axis=1)
        return np.asarray(projected / np.linalg.norm(projected, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class ExpressionTargets:
    """Blendshapes less what the head's turn explains of them, projected to unit targets.

    Blendshapes are read from pictures, and a turned head looks as if its face moved.
    """

    by_pose: NDArray[np.float32]
    """`(terms, 52)`: the regression of the blendshapes on a polynomial of the angles without its constant."""
    weights: Vector
    """`(52,)` of the scores."""
    projection: Projection

    @classmethod
    def fit(cls, shapes: Vector, pose: Vector, size: int, pole_share: float) -> "ExpressionTargets":
        """Fit to blendshapes `(n, 52)` with poses `(n, 3)`, and to their mirror images."""
        shapes, pose = np.concatenate([shapes, mirrored(shapes)]), np.concatenate([pose, mirrored_pose(pose)])
        terms = np.column_stack([np.ones(len(pose), np.float32), polynomial(pose)])
        coefficients, *_ = np.linalg.lstsq(terms, shapes, rcond=None)
        by_pose = np.asarray(coefficients[1:], np.float32)
        weights = np.array([GAZE_WEIGHT if name.startswith(GAZE) else float(name != RESTING) for name in BLENDSHAPES])
        weights = weights.astype(np.float32)
        cleaned = (shapes - polynomial(pose) @ by_pose) * weights
        return cls(by_pose, weights, Projection.fit(cleaned, size, pole_share))

    def __call__(self, shapes: Vector, pose: Vector) -> Vector:
        """Unit targets `(n, size)` of blendshapes `(n, 52)` seen at poses `(n, 3)`."""
        return self.projection((shapes - polynomial(pose) @ self.by_pose) * self.weights)


def polynomial(pose: Vector) -> Vector:
    """The products of up to three angles `(n, 3)`: `(n, 19)`."""
    products = [
        np.prod(pose[:, list(places)], axis=1)
        for degree in range(1, DEGREE + 1)
        for places in combinations_with_replacement(range(pose.shape[1]), degree)
    ]
    return np.asarray(np.stack(products, axis=1), np.float32)
