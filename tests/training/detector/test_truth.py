import math
from pathlib import Path

import numpy as np
import pytest

from model.faces.detector import Detection
from training.data.sources.pictures import Picture
from training.detector.labels import Labelled
from training.detector.truth import MIRRORED, Truth, together, truth_of

FACE = Truth(
    np.array([[10, 20, 30, 60]], np.float32),
    np.array([[[14, 30], [26, 30], [20, 40], [15, 50], [25, 50]]], np.float32),
    np.array([True]),
)


def turning(degrees: float) -> np.ndarray:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0]])


def test_size_and_part_seen_by_hand() -> None:
    assert FACE.sizes == pytest.approx([math.sqrt(20 * 40)])
    assert FACE.seen(100, 100) == pytest.approx([1.0])
    assert FACE.seen(20, 40) == pytest.approx([0.25])
    assert FACE.seen(5, 5) == pytest.approx([0.0])


def test_a_shift_with_a_scale_moves_everything() -> None:
    moved = FACE.warped(np.array([[2.0, 0, 5], [0, 2.0, -3]]))
    assert moved.boxes[0].tolist() == [25, 37, 65, 117]
    np.testing.assert_array_equal(moved.points, 2 * FACE.points + np.float32([5, -3]))


def test_a_quarter_turn_exchanges_width_and_height() -> None:
    turned = FACE.warped(turning(90))
    np.testing.assert_allclose(turned.boxes, [[-60, 10, -20, 30]], atol=1e-4)
    np.testing.assert_allclose(turned.points[0, 0], [-30, 14], atol=1e-5)


@pytest.mark.parametrize("degrees", [10, 30, 45, 80])
def test_a_turned_box_is_that_about_the_turned_ellipse(degrees: float) -> None:
    around = np.linspace(0, 2 * math.pi, 2000)
    ellipse = np.stack([20 + 10 * np.cos(around), 40 + 20 * np.sin(around)], axis=1) @ turning(degrees)[:, :2].T
    expected = np.concatenate([ellipse.min(axis=0), ellipse.max(axis=0)])
    np.testing.assert_allclose(FACE.warped(turning(degrees)).boxes[0], expected, atol=1e-3)


def test_a_mirror_exchanges_left_and_right_points() -> None:
    mirrored = FACE.warped(np.array([[-1.0, 0, 100], [0, 1.0, 0]]))
    assert mirrored.boxes[0].tolist() == [70, 20, 90, 60]
    expected = (FACE.points * np.float32([-1, 1]) + np.float32([100, 0]))[0, MIRRORED]
    np.testing.assert_array_equal(mirrored.points[0], expected)
    assert mirrored.points[0, 0, 0] < mirrored.points[0, 1, 0]


def test_doubted_faces_stay_and_are_not_sure() -> None:
    both = together([FACE, FACE]).doubted(np.array([False, True]))
    assert both.sure.tolist() == [True, False]
    assert len(both.chosen(np.array([False, True]))) == 1
    assert len(together([])) == 0


def test_of_a_teachers_faces_the_sure_ones_are_and_points_count_from_edges() -> None:
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    faces = (Detection((1, 2, 3, 4), 0.9, points), Detection((1, 2, 3, 4), 0.4, points))
    truth = truth_of(Labelled(Picture("a", Path("a.jpg")), faces))
    assert truth.sure.tolist() == [True, False]
    assert truth.boxes[0].tolist() == [1, 2, 4, 6]
    np.testing.assert_array_equal(truth.points[0], points + 0.5)
