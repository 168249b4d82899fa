"""Outside networks that label pictures for training: head pose, expression blendshapes, identity features.

They are tools for building a model (the `label` extra); no service path uses them.
"""

import importlib.util
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector
from model.engine.backend import Pixels
from model.faces.alignment import Frame, crop

LANDMARKER_MARGIN = 1.3
LANDMARKER_SIZE = 256
CHIP_SIZE = 150
CHIP_PADDING = 0.25
BOX_PER_SIDE = 0.68
BOX_DROP_PER_SIDE = 0.06
"""dlib's landmark model expects the box of dlib's own detector; this share of our frame comes near it."""


FEATURES = ("LEFT_EYE", "RIGHT_EYE", "LEFT_EYEBROW", "RIGHT_EYEBROW", "LIPS")
"""The parts of the face whose points Face Landmarker's package names."""


@dataclass(frozen=True)
class Head:
    """What Face Landmarker says of one face."""

    pose: Vector
    """`(3,)` pitch, yaw, roll in radians."""
    blendshapes: Vector
    """`(52,)` scores."""
    points: NDArray[np.float32]
    """`(478, 2)` points of the face, over the side of the picture that was looked at, from its corner."""
    features: tuple[NDArray[np.int64], ...]
    """For each of `FEATURES` the numbers of its points."""


class HeadLabeller:
    """MediaPipe's Face Landmarker: the head's rotation, 52 blendshape scores and a mesh of the face."""

    def __init__(self, model: Path) -> None:
        """Raises FileNotFoundError without the model's file, ModuleNotFoundError without the extra `label`."""
        if not model.is_file():
            raise FileNotFoundError(f"there is no Face Landmarker at {model}")
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
            num_faces=1,
        )
        create: Any = vision.FaceLandmarker.create_from_options
        lines = vision.FaceLandmarksConnections
        named = (getattr(lines, f"FACE_LANDMARKS_{name}") for name in FEATURES)
        self._features = tuple(np.unique([(line.start, line.end) for line in part]) for part in named)
        self._landmarker: Any = create(options)
        self._picture: Any = lambda pixels: Image(image_format=ImageFormat.SRGB, data=pixels)

    def label(self, image: Pixels, frame: Frame) -> Head | None:
        """The face in the frame, its points over the frame's side; None if it finds no face."""
        wide = Frame(frame.center, LANDMARKER_MARGIN * frame.side, frame.rotation)
        head = self.label_crop(crop(image, wide, LANDMARKER_SIZE))
        return head and replace(head, points=(head.points - 0.5) * np.float32(LANDMARKER_MARGIN) + 0.5)

    def label_crop(self, pixels: Pixels) -> Head | None:
        """The same for a crop that holds one face with some margin."""
        result = self._landmarker.detect(self._picture(np.ascontiguousarray(pixels)))
        if not result.face_landmarks:
            return None
        shapes = np.array([category.score for category in result.face_blendshapes[0]], np.float32)
        points = np.array([(point.x, point.y) for point in result.face_landmarks[0]], np.float32)
        pose = pose_of(np.asarray(result.facial_transformation_matrixes[0])[:3, :3])
        return Head(pose, shapes, points, self._features)

    def close(self) -> None:
        self._landmarker.close()


def pose_of(rotation: NDArray[np.floating[Any]]) -> Vector:
    """Pitch, yaw, roll of a head rotation `(3, 3)` with x to the picture's right, y up, z towards the camera.

    The matrix is Ry(yaw) Rx(-pitch) Rz(-roll): the third column is where the nose points.
    """
    matrix = rotation / np.cbrt(np.linalg.det(rotation))
    pitch = math.asin(float(np.clip(matrix[1, 2], -1.0, 1.0)))
    yaw = math.atan2(matrix[0, 2], matrix[2, 2])
    roll = -math.atan2(matrix[1, 0], matrix[1, 1])
    return np.array([pitch, yaw, roll], np.float32)


class IdentityTeacher:
    """dlib's face recognition network: 128 numbers whose Euclidean distance tells people apart (King 2017)."""

    def __init__(self) -> None:
        import dlib

        # Found without importing it: the package only carries files, and its code needs a retired module.
        spec = importlib.util.find_spec("face_recognition_models")
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError("the identity teacher needs the package face_recognition_models")
        models = Path(spec.submodule_search_locations[0]) / "models"
        self._dlib: Any = dlib
        self._shape = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._net = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def features(self, image: Pixels, frame: Frame) -> Vector:
        """Identity features `(128,)` of the face in the frame."""
        half = BOX_PER_SIDE * frame.side / 2
        x, y = frame.center[0], frame.center[1] + BOX_DROP_PER_SIDE * frame.side
        box = self._dlib.rectangle(*(round(edge) for edge in (x - half, y - half, x + half, y + half)))
        pixels = np.ascontiguousarray(image)
        chip = self._dlib.get_face_chip(pixels, self._shape(pixels, box), CHIP_SIZE, CHIP_PADDING)
        return np.asarray(self._net.compute_face_descriptor(chip), np.float32)
