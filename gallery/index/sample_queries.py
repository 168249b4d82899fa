"""How approximate indexes are measured: by queries like those that come, near a face that is there."""

from collections.abc import Callable

import numpy as np

from model.attributes import Vector

RECALL_AT = 10
TARGET_RECALL = 0.95
"""An approximate index takes twice the effort until the measured recall is at least this."""
QUERIES = 100
"""By which a recall is measured."""
_NOISE = 0.5
"""Length of what is added to a vector of length 1: the cosine between the two is then 0.89."""


def trials(vectors: Vector) -> Callable[[int], Vector]:
    """Gives so many queries `(count, size)`, always the same, for unit vectors `(n, size)`."""

    def draw(count: int) -> Vector:
        rng = np.random.default_rng(len(vectors))
        one = vectors[rng.integers(len(vectors), size=count)]
        noise = rng.standard_normal(one.shape, np.float32)
        near = one + _NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        return np.asarray(near / np.linalg.norm(near, axis=1, keepdims=True), np.float32)

    return draw
