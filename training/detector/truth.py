"""The faces of a composed picture, and what happens to them when the picture is warped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.detector.labels import Labelled

MIRRORED = [1, 0, 2, 4, 3]
"""The order of the five points in a picture seen in a mirror."""
SURE = 0.6
"""Score of the teacher from which a face is one to be found; below it neither face nor background."""


@dataclass(frozen=True)
class Truth:
    """n faces in a picture's pixels; pixel 0 reaches from 0 to 1."""

    boxes: NDArray[np.float32]
    """`(n, 4)`: left, top, right, bottom."""
    points: NDArray[np.float32]
    """`(n, 5, 2)`."""
    sure: NDArray[np.bool_]
    """`(n,)`: False where finding a face is neither right nor wrong."""

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def sizes(self) -> NDArray[np.float32]:
        """`(n,)`: the square roots of the boxes' areas."""
        spans = self.boxes[:, 2:] - self.boxes[:, :2]
        return np.asarray(np.sqrt(spans.prod(axis=1)), np.float32)

    def chosen(self, which: NDArray[np.bool_]) -> "Truth":
        return Truth(self.boxes[which], self.points[which], self.sure[which])

    def doubted(self, which: NDArray[np.bool_]) -> "Truth":
        """The same with some faces no longer sure."""
        return Truth(self.boxes, self.points, self.sure & ~which)

    def warped(self, transform: NDArray[np.float64]) -> "Truth":
        """Through a similarity `(2, 3)`, a mirror's among them: a turned box is that about its turned ellipse."""
        linear, shift = transform[:, :2], transform[:, 2]
        middle = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2 @ linear.T + shift
        half = np.sqrt(((self.boxes[:, 2:] - self.boxes[:, :2]) / 2) ** 2 @ (linear.T**2))
        points = self.points @ linear.T + shift
        if np.linalg.det(linear) < 0:
            points = points[:, MIRRORED]
        boxes = np.concatenate([middle - half, middle + half], axis=1)
        return Truth(boxes.astype(np.float32), points.astype(np.float32), self.sure)

    def seen(self, width: int, height: int) -> NDArray[np.float32]:
        """`(n,)`: which part of each box lies in a picture."""
        inside = np.clip(self.boxes, 0, [width, height, width, height])
        areas = (inside[:, 2:] - inside[:, :2]).prod(axis=1)
        return np.asarray(areas / np.maximum(self.sizes**2, 1e-6), np.float32)


def together(parts: list[Truth]) -> Truth:
    """The faces of several."""
    if not parts:
        return Truth(np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.bool_))
    return Truth(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "points", "sure")))


def truth_of(labelled: Labelled) -> Truth:
    """A photograph's faces as the teacher saw them; its points count from the pixels' middles."""
    boxes = np.array([face.box for face in labelled.faces], np.float32).reshape(-1, 4)
    points = [face.landmarks + 0.5 for face in labelled.faces if face.landmarks is not None]
    return Truth(
        np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1),
        np.array(points, np.float32).reshape(-1, 5, 2),
        np.array([face.score >= SURE for face in labelled.faces], np.bool_),
    )
