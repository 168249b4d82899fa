import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.faces.alignment import Frame
from tests.faces import draw_face
from training.data.labellers import HeadLabeller, IdentityTeacher, pose_of

LANDMARKER = Path(__file__).parents[4] / "shared" / "data" / "models" / "face_landmarker.task"
FRAME = Frame((99.5, 103.0), 150.0)


def about(axis: int, angle: float) -> NDArray[np.float64]:
    """A right-handed rotation about x, y or z."""
    return np.asarray(cv2.Rodrigues(angle * np.eye(3)[axis])[0])


def test_a_head_that_faces_the_camera() -> None:
    assert pose_of(np.eye(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("direction", "expected"), [((0, 1), (20, 0)), ((0, -1), (-20, 0)), ((1, 0), (0, 20)), ((-1, 0), (0, -20))]
)
def test_where_the_nose_points_is_pitch_and_yaw(direction: tuple[int, int], expected: tuple[int, int]) -> None:
    # x to the picture's right, y up, z to the camera: the nose is the third column.
    right, up = direction
    matrix = about(1, right * math.radians(20)) @ about(0, -up * math.radians(20))
    nose = matrix[:, 2]
    assert (np.sign(nose[:2].round(6)) == [right, up]).all()
    assert np.degrees(pose_of(matrix)) == pytest.approx([*expected, 0], abs=1e-4)


def test_a_clockwise_tilt_in_the_picture_is_positive_roll() -> None:
    matrix = about(2, -math.radians(30))
    top = matrix @ [0, 1, 0]
    assert top[0] > 0  # the crown moves to the picture's right
    assert np.degrees(pose_of(matrix)) == pytest.approx([0, 0, 30], abs=1e-4)


def test_angles_together_and_any_scale() -> None:
    rng = np.random.default_rng(0)
    for pitch, yaw, roll in rng.uniform(-1.2, 1.2, (50, 3)):
        matrix = about(1, yaw) @ about(0, -pitch) @ about(2, -roll)
        for scale in (1.0, 7.5):
            assert pose_of(scale * matrix) == pytest.approx([pitch, yaw, roll], abs=1e-5)


def test_a_mirrored_head_has_the_opposite_yaw_and_roll() -> None:
    matrix = about(1, 0.4) @ about(0, -0.2) @ about(2, -0.3)
    flip = np.diag([-1.0, 1.0, 1.0])
    assert pose_of(flip @ matrix @ flip) == pytest.approx([0.2, -0.4, -0.3], abs=1e-5)


@pytest.fixture
def landmarker() -> Iterator[HeadLabeller]:
    pytest.importorskip("mediapipe", reason="mediapipe, of `make label`, is not installed")
    if not LANDMARKER.is_file():
        pytest.skip("Face Landmarker's file is not in ../shared/data/models")
    labeller = HeadLabeller(LANDMARKER)
    yield labeller
    labeller.close()  # left to the garbage collector, it waits for ever now and then


@pytest.mark.filterwarnings("ignore")
def test_the_landmarker_reads_a_drawn_face_as_frontal(landmarker: HeadLabeller) -> None:
    picture = draw_face(200)
    labels = landmarker.label(picture, FRAME)
    assert labels is not None
    assert labels.blendshapes.shape == (52,)
    assert np.abs(np.degrees(labels.pose[1:])).max() < 8
    # Points over the frame's side: the eyes lie above the mouth, and all of them in the upper or lower half.
    left, right, *_, lips = (labels.points[part].mean(axis=0) for part in labels.features)
    assert left[1] == pytest.approx(right[1], abs=0.05)
    assert left[1] < 0.5 < lips[1]
    assert (left[0] + right[0]) / 2 == pytest.approx(lips[0], abs=0.05)
    turn = cv2.getRotationMatrix2D((99.5, 103.0), -15, 1.0)
    tilted = np.asarray(cv2.warpAffine(picture, turn, (200, 200), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    other = landmarker.label(tilted, FRAME)
    assert other is not None
    assert np.degrees(other.pose[2] - labels.pose[2]) == pytest.approx(15, abs=5)
    assert landmarker.label(np.full((200, 200, 3), 120, np.uint8), FRAME) is None
    landmarker.close()


@pytest.mark.filterwarnings("ignore")
def test_the_teacher_knows_a_drawn_face_again() -> None:
    pytest.importorskip("dlib", reason="dlib, of the extra `label`, is not installed")
    if find_spec("face_recognition_models") is None:
        pytest.skip("its models, of `make label`, are not installed")
    teacher = IdentityTeacher()
    first, brighter, other = (
        teacher.features(picture, FRAME)
        for picture in (draw_face(200, 1), draw_face(200, 1) // 2 + 60, draw_face(200, 2))
    )
    assert first.shape == (128,)
    assert np.linalg.norm(first - brighter) < np.linalg.norm(first - other)
