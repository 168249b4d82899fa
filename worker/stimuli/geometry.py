"""Means and movements in the space of one attribute: on the unit sphere, and in plain space for pose."""

import numpy as np

from model.attributes import SPACES, Attribute, Vector, part
from model.embedding import blend
from model.errors import InvalidRequest

_SHORT = 1e-6
"""A length below which a direction is rounding noise."""


def mean_of(attribute: Attribute, vectors: Vector, weights: Vector | None = None) -> Vector:
    """The weighted mean of sub-vectors `(n, size)`.

    On the sphere it is the mean direction, Σ w x / |Σ w x| (Mardia and Jupp, "Directional Statistics", 9.2). Raises
    InvalidRequest where that has no length.
    """
    shares = np.full(len(vectors), 1.0 / len(vectors)) if weights is None else np.asarray(weights, np.float64)
    total = shares @ np.asarray(vectors, np.float64)
    if not SPACES[attribute].unit:
        return np.asarray(total / shares.sum(), np.float32)
    length = np.linalg.norm(total)
    if length < _SHORT * np.abs(shares).sum():
        raise InvalidRequest(f"These faces have no mean {attribute}: they point in opposite directions.")
    return np.asarray(total / length, np.float32)


def angle_between(attribute: Attribute, a: Vector, b: Vector) -> Vector:
    """The way between sub-vectors `(..., size)` in radians: along the great circle, in pose along a line."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if not SPACES[attribute].unit:
        return np.asarray(np.linalg.norm(a - b, axis=-1))
    # Exact for small and for large angles, where arccos is not (Kahan).
    return np.asarray(2.0 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)))


def aside(attribute: Attribute, point: Vector, direction: Vector) -> Vector:
    """The directions `(..., size)` with unit length in which one moves from a point `(size,)` within the space.

    Raises InvalidRequest for a direction that leads out of it alone, or has no length.
    """
    moved = np.asarray(direction, np.float64)
    if SPACES[attribute].unit:
        moved = moved - (moved @ point)[..., None] * np.asarray(point, np.float64)
    length = np.linalg.norm(moved, axis=-1, keepdims=True)
    if (length < _SHORT).any():
        raise InvalidRequest(f"From this {attribute} the direction leads nowhere.")
    return np.asarray(moved / length, np.float32)


def moved(attribute: Attribute, point: Vector, towards: Vector, radians: float) -> Vector:
    """A point `(size,)` moved in a direction that `aside` gave: along the great circle, in pose along a line."""
    if not SPACES[attribute].unit:
        return np.asarray(point + radians * towards, np.float32)
    there = np.cos(radians) * np.asarray(point, np.float64) + np.sin(radians) * np.asarray(towards, np.float64)
    return np.asarray(there / np.linalg.norm(there), np.float32)


def with_part(embedding: Vector, attribute: Attribute, vector: Vector) -> Vector:
    """A copy of an embedding `(99,)` with another sub-vector; the others stay bit-equal."""
    changed = embedding.copy()
    part(changed, attribute)[...] = vector
    return changed


def between(a: Vector, b: Vector, amount: float, attributes: tuple[Attribute, ...]) -> Vector:
    """The embedding `(99,)` at `amount` of the way from a to b in some attributes; in the others it is a."""
    point = a.copy()
    for attribute in attributes:
        part(point, attribute)[...] = blend(attribute, part(a, attribute), part(b, attribute), amount)
    return point


def distances(a: Vector, b: Vector, attributes: tuple[Attribute, ...]) -> Vector:
    """The length of the way between embeddings `(..., 99)` over some attributes, in radians."""
    squares = [angle_between(attribute, part(a, attribute), part(b, attribute)) ** 2 for attribute in attributes]
    return np.asarray(np.sqrt(np.sum(squares, axis=0)))
