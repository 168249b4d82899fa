from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from model.engine.dummy import DummyModel
from model.faces.alignment import Frame, crop
from tests.faces import draw_face
from tests.training.drawn import crop_set
from training.evaluation.faces import see
from training.evaluation.outside.label_networks import Judges, on_photographs

LANDMARKER = Path(__file__).parents[5] / "shared" / "data" / "models" / "face_landmarker.task"
FRAME = Frame((99.5, 103.0), 150.0)


@pytest.mark.filterwarnings("ignore")
def test_the_judges_read_drawn_faces_and_find_none_in_an_empty_picture() -> None:
    if not LANDMARKER.is_file() or any(find_spec(name) is None for name in ("mediapipe", "dlib")):
        pytest.skip("needs `make label` and Face Landmarker's file in ../shared/data/models")
    pictures = np.stack(
        [crop(draw_face(200, seed), FRAME, 64) for seed in (1, 2)] + [np.full((64, 64, 3), 120, np.uint8)]
    )
    with Judges(LANDMARKER) as judges:
        seen = judges.read(pictures)
        np.testing.assert_array_equal(judges.find(pictures), seen.found)
    assert seen.found.tolist() == [True, True, False]
    assert np.abs(np.degrees(seen.pose[:2, 1:])).max() < 8  # frontal and upright
    assert (seen.blendshapes[:2] <= 1).all()
    assert np.linalg.norm(seen.identity[0] - seen.identity[1]) > 0.1
    for values in (seen.pose, seen.blendshapes, seen.identity):
        assert np.isnan(values[2]).all()
    np.testing.assert_array_equal(seen.of(np.array([1])).pose, seen.pose[1:2])


def test_the_labels_of_photographs_are_the_judges_readings() -> None:
    faces = see(DummyModel(), crop_set(4))
    faces.labels.features["teacher"][2, 5] = np.nan
    readings = on_photographs(faces)
    assert readings.found.tolist() == [True, True, False, True]
    np.testing.assert_array_equal(readings.pose, faces.labels.pose.numpy())


def test_a_landmarker_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no Face Landmarker at .*none.task"):
        Judges(tmp_path / "none.task")
