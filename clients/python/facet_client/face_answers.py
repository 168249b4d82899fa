"""What the service tells of one face, as types."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict


class Embedding(TypedDict):
    """A face as four sub-vectors, lists from JSON, `array.array("f")` from msgpack; and the id of its model."""

    pose: Sequence[float]
    identity: Sequence[float]
    expression: Sequence[float]
    style: Sequence[float]
    model: NotRequired[str | None]


class PoseDegrees(TypedDict):
    """Above 0: looks up, turns to the picture's right, tilts clockwise."""

    pitch: float
    yaw: float
    roll: float


class Expression(TypedDict):
    """How probable each expression is."""

    label: str | None
    probabilities: dict[str, float]


class Quality(TypedDict):
    """How much there is of a face in its picture, from 0 to 1: the score, which is the product of the parts."""

    score: float
    size: float
    sharpness: float
    turn: float
    detection: float
    likeness: float | None


class Face(TypedDict):
    """One face found in a picture; the box is x, y, width and height in pixels."""

    box: list[float]
    score: float
    quality: Quality | None
    landmarks: list[list[float]] | None
    embedding: Embedding
    pose_degrees: PoseDegrees
    expression: Expression
