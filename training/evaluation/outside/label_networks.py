"""Networks that are not ours reading drawn faces: Face Landmarker for pose and expression, dlib for identity.

Both also labelled the training pictures, so the judgement is of other networks, not of other teachers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from model.attributes import POSE_ANGLES, Vector
from model.engine.backend import Pixels
from model.faces.alignment import whole_frame
from training.data.labellers import LANDMARKER_SIZE, Head, HeadLabeller, IdentityTeacher
from training.evaluation.faces import Faces
from training.targets.blendshapes import BLENDSHAPES


@dataclass(frozen=True)
class Readings:
    """What the judges read in n pictures."""

    found: NDArray[np.bool_]
    """`(n,)`: whether Face Landmarker found a face."""
    pose: Vector
    """`(n, 3)` radians; NaN where no face was found."""
    blendshapes: Vector
    """`(n, 52)` scores; NaN where no face was found."""
    identity: Vector
    """`(n, 128)` features of dlib's network, which reads any picture; NaN where Face Landmarker found no face."""

    def of(self, rows: NDArray[np.integer]) -> "Readings":
        """Some of the pictures, in that order."""
        return Readings(self.found[rows], self.pose[rows], self.blendshapes[rows], self.identity[rows])


class Judges:
    """Both networks, to be closed after use."""

    def __init__(self, landmarker: Path, show: Callable[[], None] | None = None) -> None:
        """`show` is called after each picture, which takes about a tenth of a second to read.

        Raises FileNotFoundError without the Landmarker's file, ModuleNotFoundError without the extra `label`.
        """
        self._head, self._identity = HeadLabeller(landmarker), IdentityTeacher()
        self._show = show

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._head.close()

    def read(self, pictures: Pixels) -> Readings:
        """Read crops `(n, size, size, 3)`.

        Each is enlarged to what the networks expect, and Face Landmarker gets the margin with which it labelled the
        training pictures; beyond the crop its border is repeated.
        """
        rows = [self._read(picture) for picture in pictures]
        found, pose, blendshapes, identity = (np.array(column) for column in zip(*rows, strict=True))
        return Readings(found, pose, blendshapes, identity)

    def find(self, pictures: Pixels) -> NDArray[np.bool_]:
        """Whether Face Landmarker finds a face in each of n crops, `(n,)`."""
        return np.array([head_in(picture, self._head) is not None for picture in pictures])

    def _read(self, picture: Pixels) -> tuple[bool, Vector, Vector, Vector]:
        large = enlarged(picture)
        frame = whole_frame(large)
        head = self._head.label(large, frame)
        features = self._identity.features(large, frame)
        if self._show:
            self._show()
        if head is None:
            pose, shapes = nothing(len(POSE_ANGLES)), nothing(len(BLENDSHAPES))
            return False, pose, shapes, nothing(len(features))
        return True, head.pose, head.blendshapes, features


def head_in(picture: Pixels, labeller: HeadLabeller) -> Head | None:
    """What Face Landmarker says of a crop `(size, size, 3)`, read as `Judges` reads it; None if it finds no face."""
    large = enlarged(picture)
    return labeller.label(large, whole_frame(large))


def nothing(size: int) -> Vector:
    """What is read where no face is found: a distance to it is smaller than none."""
    return np.full(size, np.nan, np.float32)


def enlarged(picture: Pixels) -> Pixels:
    """A crop at the size in which the judges look at it."""
    size = (LANDMARKER_SIZE, LANDMARKER_SIZE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def on_photographs(faces: Faces) -> Readings:
    """What the same networks read when the photographs themselves were prepared, at full resolution."""
    pose, features = faces.labels.pose.numpy(), faces.labels.features
    found = ~np.isnan(np.concatenate([pose, features["blendshapes"], features["teacher"]], axis=1)).any(axis=1)
    return Readings(found, pose, features["blendshapes"], features["teacher"])
