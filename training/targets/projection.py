"""Unit targets for a sub-vector, projected from an outside network's features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector


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
