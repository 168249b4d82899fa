import math

import numpy as np
import pytest

from model.engine.backend import Pixels
from model.errors import InvalidRequest
from model.faces.alignment import MAX_ROLL, frame_of
from model.faces.any_angle import AnyAngleDetector, turned_back
from model.faces.detector import Detection, Detector, load_detector, overlap
from tests.model.faces.drawn import drawn

SIZE = 300


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(any_angle=True)


@pytest.mark.parametrize("quarters", range(4))
def test_a_face_seen_from_any_side_lies_where_its_pixels_do(quarters: int) -> None:
    image: Pixels = np.zeros((40, 70, 3), np.uint8)
    image[10:16, 50:62] = 200
    image[11, 52] = 255
    turned = np.rot90(image, quarters)
    rows, columns = np.nonzero(turned[..., 0] == 200)
    x, y = columns.min(), rows.min()
    box = (float(x), float(y), float(columns.max() + 1 - x), float(rows.max() + 1 - y))
    eye = np.argwhere(turned[..., 0] == 255)[0, ::-1]
    face = turned_back(Detection(box, 0.5, np.tile(eye.astype(np.float32), (5, 1))), quarters, image.shape)
    assert face.box == (50.0, 10.0, 12.0, 6.0)
    assert face.landmarks is not None
    np.testing.assert_array_equal(face.landmarks, np.tile([52.0, 11.0], (5, 1)))


@pytest.mark.parametrize("quarters", range(4))
def test_a_face_on_its_side_or_upside_down_is_found_as_the_upright_one_is(detector: Detector, quarters: int) -> None:
    picture = drawn(SIZE)
    [upright] = load_detector().detect(picture)
    turned = np.ascontiguousarray(np.rot90(picture, quarters))
    [found] = detector.detect(turned)
    # What a picture is in its own quarter turn, as the upright face is in what lies on its side.
    wanted = turned_back(upright, -quarters % 4, turned.shape)
    assert overlap(found.box, wanted.box) > 0.9
    assert found.landmarks is not None
    assert wanted.landmarks is not None
    assert np.abs(found.landmarks - wanted.landmarks).max() < 0.03 * SIZE


def test_a_face_that_hangs_upside_down_is_cut_out_as_nearly_upright_as_a_tilted_one(detector: Detector) -> None:
    [found] = detector.detect(np.ascontiguousarray(np.rot90(drawn(SIZE), 2)))
    assert abs(frame_of(found).rotation) == pytest.approx(math.pi - MAX_ROLL, abs=0.1)


def test_what_several_looks_find_in_one_place_is_one_face_and_the_surest() -> None:
    class Unsure:
        name, longest, shared = "unsure", 640, False
        scores = iter([0.6, 0.9, 0.7, 0.8])

        def detect(self, _: Pixels, at_most: int | None = None) -> list[Detection]:
            assert at_most is None
            return [Detection((40.0, 40.0, 20.0, 20.0), next(self.scores))]

    [found] = AnyAngleDetector(Unsure()).detect(np.zeros((100, 100, 3), np.uint8), 3)
    assert found.score == 0.9


def test_the_cascades_cannot_tell_which_way_up_a_face_is() -> None:
    with pytest.raises(InvalidRequest, match="no landmarks"):
        load_detector(kind="haar", any_angle=True)
