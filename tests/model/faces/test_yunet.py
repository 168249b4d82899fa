from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest

from model.errors import InvalidCheckpoint
from model.faces.alignment import SIDE_PER_FACE, frame_of
from model.faces.detector import Detector, load_detector
from tests.faces import draw_face
from tests.model.faces.drawn import drawn, is_the_drawn_face

FILES = sorted((Path(__file__).parents[4] / "shared" / "data" / "models").glob("face_detection_yunet_*.onnx"))

needs_the_file = pytest.mark.skipif(not FILES, reason="YuNet's file is not in ../shared/data/models")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(FILES[-1])


def test_a_missing_file_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="facet detector fetch"):
        load_detector(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"no network at all", bytes(range(256)) * 40])
def test_a_file_that_is_no_network(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(InvalidCheckpoint, match="is not a YuNet face detector"):
        load_detector(path)


@needs_the_file
def test_half_a_network(tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    data = FILES[-1].read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InvalidCheckpoint, match="is not a YuNet face detector"):
        load_detector(path)


@needs_the_file
@pytest.mark.parametrize("size", [100, 300, 3000])
def test_it_finds_a_drawn_face_with_landmarks(detector: Detector, size: int) -> None:
    picture = drawn(size)
    (found,) = detector.detect(picture)
    assert is_the_drawn_face(found, size)
    assert found.landmarks is not None
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks / size
    # Eyes 40 to 48 units of 400 from the middle, about 28 above the face's middle at 215; the mouth 78 below it.
    np.testing.assert_allclose([left_eye, right_eye], [[0.39, 0.47], [0.61, 0.47]], atol=0.06)
    np.testing.assert_allclose((left_mouth + right_mouth) / 2, [0.5, 0.733], atol=0.06)
    assert 0.47 < nose[1] < 0.73


@needs_the_file
def test_its_frame_is_near_to_the_haar_cascades(detector: Detector) -> None:
    picture = draw_face(300)
    (mine,), (other,) = detector.detect(picture), load_detector(kind="haar").detect(picture)
    frame, around = frame_of(mine), frame_of(other)
    assert frame.side == pytest.approx(around.side, rel=0.2)
    assert np.hypot(*np.subtract(frame.center, around.center)) < 0.1 * frame.side
    assert frame.side > SIDE_PER_FACE * 60


@needs_the_file
@pytest.mark.parametrize("shape", [(200, 200), (16, 16), (16, 20_000), (20_000, 16), (16, 40_000), (1, 1)])
def test_it_finds_none_where_there_is_none(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.full((*shape, 3), 120, np.uint8)) == []


@needs_the_file
def test_boxes_that_lie_nowhere_are_no_faces(detector: Detector) -> None:
    face = drawn(100)
    (found,) = detector.detect(face)
    row = np.array([*found.box, *np.zeros(10), 1.0], np.float32)
    aside = np.eye(15)[0]
    rows = np.stack([row, 0 * row, row + 1e30 * aside, row - 200 * aside, np.nan * row])
    network = SimpleNamespace(setInputSize=lambda _: None, detect=lambda _: (1, rows))
    with patch.object(detector, "_net", network):
        assert [each.box for each in detector.detect(face)] == [pytest.approx(found.box)]
