"""Ways between two embeddings, part by part: along the sphere, and along a line for pose."""

import numpy as np
from numpy.typing import NDArray

from model.attributes import SPACES, Attribute, Vector

_Double = NDArray[np.float64]

# Below this sine of the angle between two float32 vectors their plane is rounding noise.
_PARALLEL = 1e-6


def slerp(a: Vector, b: Vector, amount: float) -> Vector:
    """The point at `amount` of the way from a to b `(..., n)` along the great circle through them.

    0 gives exactly a and 1 exactly b; other amounts, also below 0 and beyond 1, go on along the circle. With θ the
    angle between a and b it is sin((1-t)θ)/sin θ · a + sin(tθ)/sin θ · b (Shoemake, "Animating rotation with
    quaternion curves", 1985), computed as cos(tθ) · a + sin(tθ) · u, where u is the unit vector at right angles to a
    on the side of b: this form has no division by a vanishing sin θ. From a to -a every direction is as good; u is
    then made of the axis that is furthest from a. Both vectors have unit length.
    """
    if amount in (0.0, 1.0):
        return np.array(b if amount else a, np.float32)
    start, end = _unit(np.asarray(a, np.float64)), _unit(np.asarray(b, np.float64))
    # Exact for small and for large angles, where arccos is not (Kahan).
    angle = 2.0 * np.arctan2(_length(end - start), _length(end + start))
    aside = _rejected(end, start)
    undefined = _length(aside) < _PARALLEL
    axis = np.eye(start.shape[-1])[np.abs(start).argmin(axis=-1)]
    aside = np.where(undefined, _rejected(axis, start), aside)
    point = np.cos(amount * angle) * start + np.sin(amount * angle) * _unit(aside)
    return np.asarray(point, np.float32)


def line(a: Vector, b: Vector, amount: float) -> Vector:
    """The point at `amount` of the way from a to b `(..., n)` along a line; 0 gives exactly a and 1 exactly b."""
    if amount in (0.0, 1.0):
        return np.array(b if amount else a, np.float32)
    return np.asarray(a + np.float32(amount) * (b - a), np.float32)


def blend(attribute: Attribute, a: Vector, b: Vector, amount: float) -> Vector:
    """The sub-vector `(..., size)` at `amount` of the way from a to b in the space of an attribute."""
    return slerp(a, b, amount) if SPACES[attribute].unit else line(a, b, amount)


def _length(vectors: _Double) -> _Double:
    return np.asarray(np.linalg.norm(vectors, axis=-1, keepdims=True))


def _unit(vectors: _Double) -> _Double:
    return vectors / _length(vectors)


def _rejected(vectors: _Double, unit: _Double) -> _Double:
    """What is left of the vectors when their component along the unit vectors is taken away."""
    return np.asarray(vectors - np.sum(vectors * unit, axis=-1, keepdims=True) * unit)
