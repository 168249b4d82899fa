from unittest.mock import patch

import numpy as np
import pytest

from model.engine.backend import Pixels
from model.faces.alignment import crop, frame_of, paste
from model.faces.border import BORDER, LEAST, beyond_border
from model.faces.detector import LONGEST_SIDE, Detection
from model.faces.haar import HaarDetector
from tests.faces import draw_face
from tests.model.faces.drawn import MIDDLE

POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)


def close_up(size: int = 208, seed: int = 0) -> Pixels:
    """Brows to chin of a drawn face, which fill the picture: the cascades find nothing in it as it is."""
    whole = draw_face(2 * size, seed)
    top, left = round(0.26 * 2 * size), round(0.25 * 2 * size)
    return whole[top : top + size, left : left + size].copy()


@pytest.mark.parametrize("shape", [(100, 200), (200, 100), (LONGEST_SIDE, LONGEST_SIDE), (400, LONGEST_SIDE)])
def test_what_is_found_in_the_bordered_picture_comes_back_in_the_pictures_pixels(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 200, np.uint8)
    side = min(shape)

    def search(wide: Pixels, least: int) -> list[Detection]:
        # The bright picture in the bordered one, found by its brightness.
        (top, left), (bottom, right) = np.argwhere(wide[..., 0] > 100)[[0, -1]]
        assert max(wide.shape[:2]) <= LONGEST_SIDE
        assert least == pytest.approx(LEAST * (min(bottom - top, right - left) + 1), abs=1)
        place = np.array([left, top], np.float32)
        return [Detection((left, top, right - left + 1, bottom - top + 1), 0.9, np.repeat(place[None], 5, 0))]

    [found] = beyond_border(image, search)
    assert found.box == pytest.approx((0, 0, shape[1], shape[0]), abs=0.01 * side)
    assert found.landmarks is not None
    assert np.abs(found.landmarks).max() < 0.01 * side


def test_small_faces_and_ones_with_their_middle_outside_are_left_out() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    at = BORDER * 100
    large = Detection((at - 30, at - 20, 90.0, 90.0), 0.9, POINTS)
    others = [(at, at, 49.0, 60.0), (at + 70, at, 80.0, 80.0), (at, at - 70, 80.0, 80.0)]
    [found] = beyond_border(image, lambda *_: [large, *(Detection(box, 1.0) for box in others)])
    assert found.box == (-30, -20, 90, 90)
    assert found.score == 0.9
    np.testing.assert_array_equal(found.landmarks, POINTS - np.float32(at))


@pytest.mark.parametrize("shape", [(1, 1), (23, 500), (500, 23)])
def test_thin_pictures_are_not_searched(shape: tuple[int, int]) -> None:
    def search(_: Pixels, least: int) -> list[Detection]:
        raise AssertionError(least)

    assert beyond_border(np.zeros((*shape, 3), np.uint8), search) == []


@pytest.mark.parametrize("seed", [0, 2, 3, 4])
@pytest.mark.parametrize("size", [100, 208, 1500])
def test_the_cascades_find_a_face_that_fills_the_picture(size: int, seed: int) -> None:
    picture = close_up(size, seed)
    with patch("model.faces.haar.beyond_border", return_value=[]):
        assert HaarDetector().detect(picture) == []
    [found] = HaarDetector().detect(picture, 1)
    x, y, width, height = (number / size for number in found.box)
    # The picture shows 0.25 to 0.75 of the drawing's width and 0.26 to 0.76 of its height.
    assert (x + width / 2) / 2 + 0.25 == pytest.approx(MIDDLE[0], abs=0.06)
    assert (y + height / 2) / 2 + 0.26 == pytest.approx(MIDDLE[1], abs=0.06)
    assert 0.9 < width < 1.5


def test_a_face_beyond_the_picture_is_cropped_and_pasted_back() -> None:
    picture = close_up()
    frame = frame_of(HaarDetector().detect(picture)[0])
    assert frame.side > len(picture)
    shown = crop(picture, frame, 128)
    again = paste(picture, shown, frame)
    assert np.abs(again[20:-20, 20:-20].astype(int) - picture[20:-20, 20:-20]).mean() < 3
