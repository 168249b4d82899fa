import numpy as np
import pytest

from model.faces.detector import LONGEST_SIDE, load_detector, overlap, reduced
from model.faces.haar import HaarDetector
from tests.faces import draw_face
from tests.model.faces.drawn import drawn, is_the_drawn_face

DETECTOR = HaarDetector()


@pytest.mark.parametrize("size", [100, 300, 3000])
def test_it_finds_a_drawn_face_at_any_size(size: int) -> None:
    picture = drawn(size)
    (found,) = DETECTOR.detect(picture)
    assert is_the_drawn_face(found, size)
    assert 0.5 < found.score < 1.0
    assert found.landmarks is None
    assert found.area == pytest.approx(found.box[2] ** 2)


def test_the_largest_face_comes_first() -> None:
    picture = np.full((300, 500, 3), 120, np.uint8)
    picture[:100, :100], picture[:, 200:] = draw_face(100), draw_face(300)
    large, small = DETECTOR.detect(picture)
    assert large.box[0] > 200 > small.box[0]
    assert large.area > small.area


def test_few_faces_are_the_largest_of_all() -> None:
    picture = np.full((400, 600, 3), 120, np.uint8)
    picture[:80, :80], picture[:, 200:] = draw_face(80), draw_face(400)
    everyone = DETECTOR.detect(picture)
    assert len(everyone) == 2
    assert DETECTOR.detect(picture, 1) == everyone[:1]
    assert DETECTOR.detect(picture, 2) == everyone
    assert DETECTOR.detect(picture, 3) == everyone


@pytest.mark.parametrize("size", [60, 100, 140, 180])
def test_a_small_face_is_found_where_no_large_one_is(size: int) -> None:
    picture = np.full((600, 600, 3), 120, np.uint8)
    picture[50 : 50 + size, 50 : 50 + size] = draw_face(size)
    everyone = DETECTOR.detect(picture)
    assert len(everyone) == 1
    assert DETECTOR.detect(picture, 1) == everyone


@pytest.mark.parametrize("shape", [(200, 200), (16, 16), (16, 20_000), (20_000, 16), (16, 40_000), (1, 1)])
def test_it_finds_none_where_there_is_none(shape: tuple[int, int]) -> None:
    assert DETECTOR.detect(np.full((*shape, 3), 130, np.uint8)) == []


def test_without_a_file_it_is_the_detector() -> None:
    assert load_detector(kind="haar").name == "haar"


def test_reduced_keeps_small_pictures_and_says_the_way_back() -> None:
    small = np.zeros((LONGEST_SIDE, 10, 3), np.uint8)
    same, factor = reduced(small)
    assert same is small
    assert factor == 1.0
    large, factor = reduced(np.zeros((3 * LONGEST_SIDE, LONGEST_SIDE, 3), np.uint8))
    assert large.shape == (LONGEST_SIDE, round(LONGEST_SIDE / 3), 3)
    assert factor == 3.0
    assert reduced(np.zeros((1, 20_000, 3), np.uint8))[0].shape == (1, LONGEST_SIDE, 3)


def test_the_overlap_of_boxes_by_hand() -> None:
    assert overlap((0, 0, 4, 2), (0, 0, 4, 2)) == 1
    assert overlap((0, 0, 4, 2), (2, 0, 4, 2)) == pytest.approx(4 / 12)
    assert overlap((0, 0, 4, 2), (1, 1, 1, 1)) == pytest.approx(1 / 8)
    assert overlap((0, 0, 4, 2), (5, 0, 4, 2)) == overlap((0, 0, 4, 2), (5, 5, 4, 2)) == 0
    assert overlap((0, 0, 10, 10), (0, 10, 10, 10)) == 0
