import numpy as np
import pytest

from model.attributes import Attribute, part
from model.engine.dummy import DummyModel
from training.export.drawings import SWEEP_DEGREES, editing_matrix, random_sheet, sweep_sheet

BACKEND = DummyModel()
SIZE = BACKEND.image_size


def cell(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    return sheet[row * SIZE : (row + 1) * SIZE, column * SIZE : (column + 1) * SIZE]


def test_the_editing_matrix_has_targets_across_and_for_each_source_a_row_of_each_attribute() -> None:
    faces = BACKEND.sample(5, 0)
    shown = BACKEND.render(faces)
    sheet = editing_matrix(BACKEND, faces[:3], faces[3:], (shown[:3], shown[3:]))
    assert sheet.shape == ((1 + 2 * len(Attribute)) * SIZE, (2 + 3) * SIZE, 3)
    np.testing.assert_array_equal(cell(sheet, 0, 3), shown[1])
    np.testing.assert_array_equal(cell(sheet, 5, 0), shown[4])
    assert (cell(sheet, 6, 0) == 255).all()
    # The second source's third row, the last target: its expression, all else the target's.
    expected = faces[2].copy()
    part(expected, Attribute.EXPRESSION)[...] = part(faces[4], Attribute.EXPRESSION)
    np.testing.assert_array_equal(cell(sheet, 7, 4), BACKEND.render(expected[None])[0])
    assert (cell(sheet, 7, 1) < 128).any()  # the attribute's name


def test_random_faces_fill_a_sheet_row_by_row() -> None:
    sheet = random_sheet(BACKEND, 7, seed=3)
    assert sheet.shape == (3 * SIZE, 3 * SIZE, 3)
    drawn = BACKEND.render(BACKEND.sample(7, 3))
    np.testing.assert_array_equal(cell(sheet, 1, 2), drawn[5])
    assert (cell(sheet, 2, 1) == 255).all()


def test_a_sweep_of_pose_turns_each_angle_alone() -> None:
    faces = BACKEND.sample(2, 0)
    sheet = sweep_sheet(BACKEND, faces, Attribute.POSE, 3)
    assert sheet.shape == (6 * SIZE, 4 * SIZE, 3)
    turned = faces[1].copy()
    part(turned, Attribute.POSE)[1] = np.radians(SWEEP_DEGREES["yaw"])
    np.testing.assert_array_equal(cell(sheet, 4, 3), BACKEND.render(turned[None])[0])


def test_a_sweep_of_another_attribute_goes_from_each_face_to_the_next() -> None:
    faces = BACKEND.sample(3, 0)
    sheet = sweep_sheet(BACKEND, faces, Attribute.STYLE, 5)
    assert sheet.shape == (3 * SIZE, 6 * SIZE, 3)
    drawn = BACKEND.render(faces)
    reached = faces[2].copy()
    part(reached, Attribute.STYLE)[...] = part(faces[0], Attribute.STYLE)
    np.testing.assert_array_equal(cell(sheet, 2, 1), drawn[2])
    np.testing.assert_array_equal(cell(sheet, 2, 5), BACKEND.render(reached[None])[0])
    with pytest.raises(ValueError, match="at least two"):
        sweep_sheet(BACKEND, faces[:1], Attribute.STYLE, 5)
