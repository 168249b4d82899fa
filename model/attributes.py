"""The one table of the embedding: which numbers are which attribute, and how each is compared.

An embedding is `EMBEDDING_SIZE` float32 numbers, four sub-vectors in the order of `Attribute`. Three of them lie on
the unit sphere and are compared by cosine; pose is three angles in radians and is compared by Euclidean distance.
Nothing else in the project writes a size or slices an embedding by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""A float32 array: one embedding `(99,)`, one sub-vector, or a stack of either along leading axes."""

POSE_ANGLES = ("pitch", "yaw", "roll")
"""The angles of the pose sub-vector, in order. pitch > 0 looks up, yaw > 0 turns to the picture's right, roll > 0
tilts clockwise in the picture."""


class Attribute(StrEnum):
    """A part of the embedding, in the order in which the parts lie in it."""

    POSE = "pose"
    IDENTITY = "identity"
    EXPRESSION = "expression"
    STYLE = "style"


@dataclass(frozen=True)
class Space:
    """Where one sub-vector lies in the embedding and what space it lives in."""

    start: int
    size: int
    unit: bool
    """True on the unit sphere (cosine); False in plain Euclidean space (pose, radians)."""

    @property
    def slice(self) -> slice:
        return slice(self.start, self.start + self.size)


SPACES: Mapping[Attribute, Space] = {
    Attribute.POSE: Space(0, 3, unit=False),
    Attribute.IDENTITY: Space(3, 32, unit=True),
    Attribute.EXPRESSION: Space(35, 32, unit=True),
    Attribute.STYLE: Space(67, 32, unit=True),
}

EMBEDDING_SIZE = sum(space.size for space in SPACES.values())


def part(embedding: Vector, attribute: Attribute) -> Vector:
    """The sub-vector `(..., size)` of an embedding `(..., 99)`, as a view."""
    return embedding[..., SPACES[attribute].slice]


def split(embedding: Vector) -> dict[Attribute, Vector]:
    """All four sub-vectors of an embedding `(..., 99)`, as views."""
    return {attribute: part(embedding, attribute) for attribute in Attribute}


def join(parts: Mapping[Attribute, Vector]) -> Vector:
    """The embedding `(..., 99)` made of four sub-vectors `(..., size)`; the opposite of `split`.

    Raises ValueError if a part is missing or has the wrong size.
    """
    for attribute, space in SPACES.items():
        if attribute not in parts:
            raise ValueError(f"the embedding lacks its {attribute} part")
        size = np.shape(parts[attribute])[-1:]
        if size != (space.size,):
            raise ValueError(f"{attribute} has {size[0] if size else 0} numbers, expected {space.size}")
    return np.concatenate([np.asarray(parts[attribute], np.float32) for attribute in Attribute], axis=-1)


ROUNDING = 1e-6
"""How far float32 may be from unit length."""


def settled(embedding: Vector) -> Vector:
    """A copy of an embedding `(99,)`: bit-equal where its unit parts have length 1 already, else `normalized`.

    Raises ValueError for another shape, and what `normalized` raises.
    """
    given = np.array(embedding, np.float32)
    if given.shape != (EMBEDDING_SIZE,):
        raise ValueError(f"an embedding has the shape ({EMBEDDING_SIZE},), not {given.shape}")
    unit = normalized(given)
    return given if np.abs(given - unit).max() < ROUNDING else unit


def normalized(embedding: Vector) -> Vector:
    """A copy of an embedding `(..., 99)` whose unit sub-vectors have length 1.

    Raises ValueError for a wrong size, for numbers that are not finite, for an angle beyond ±π, and for a unit
    sub-vector of length 0.
    """
    result = np.array(embedding, np.float32)
    if result.shape[-1:] != (EMBEDDING_SIZE,):
        raise ValueError(f"an embedding has {EMBEDDING_SIZE} numbers, not {result.shape[-1] if result.ndim else 0}")
    if not np.isfinite(result).all():
        raise ValueError("the embedding holds a number that is not finite")
    for attribute, space in SPACES.items():
        numbers = part(result, attribute)
        if not space.unit:
            if (np.abs(numbers) > np.pi).any():
                raise ValueError(f"the {attribute} part has an angle beyond ±π; angles are in radians")
        else:
            # Scaled before it is squared: numbers up to float32's largest keep a finite length.
            largest = np.abs(numbers).max(axis=-1, keepdims=True)
            if (largest < 1e-6).any():
                raise ValueError(f"the {attribute} part is zero and has no direction")
            scaled = numbers / largest
            numbers[...] = scaled / np.linalg.norm(scaled, axis=-1, keepdims=True)
    return result


def distance(attribute: Attribute, a: Vector, b: Vector) -> Vector:
    """Distance between sub-vectors `(..., size)`: 1 - cosine on the sphere, radians (Euclidean) for pose."""
    if SPACES[attribute].unit:
        return np.asarray(1.0 - _cosine(a, b), np.float32)
    return np.asarray(np.linalg.norm(a - b, axis=-1), np.float32)


def similarity(attribute: Attribute, a: Vector, b: Vector) -> Vector:
    """Similarity of sub-vectors `(..., size)`: cosine on the sphere, 1 - d²/2 for pose.

    1 - d²/2 is what cosine is of the chord d between two unit vectors, so weighted sums mix like with like.
    """
    if SPACES[attribute].unit:
        return np.asarray(_cosine(a, b), np.float32)
    return np.asarray(1.0 - ((a - b) ** 2).sum(axis=-1) / 2.0, np.float32)


def _cosine(a: Vector, b: Vector) -> Vector:
    """Of unit vectors; their lengths are off by some 1e-7, which must not make it more than 1."""
    return np.asarray(np.clip((a * b).sum(axis=-1), -1.0, 1.0))


def similarities(a: Vector, b: Vector) -> dict[Attribute, Vector]:
    """Similarity in each attribute of two embeddings `(..., 99)`."""
    return {attribute: similarity(attribute, part(a, attribute), part(b, attribute)) for attribute in Attribute}
