"""Face Landmarker reads drawn faces from several threads as it reads them one by one."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from model.faces.alignment import Frame, crop
from tests.faces import draw_face
from training.data.labellers import HeadLabeller
from training.evaluation.outside.label_networks import head_in
from training.export.drawn_faces import DrawnFaceReader

LANDMARKER = Path(__file__).parents[4] / "shared" / "data" / "models" / "face_landmarker.task"


@pytest.mark.filterwarnings("ignore")
def test_faces_are_read_in_their_order_and_where_there_is_none_nothing_is() -> None:
    if not LANDMARKER.is_file() or find_spec("mediapipe") is None:
        pytest.skip("needs `make label` and Face Landmarker's file in ../shared/data/models")
    faces = [crop(draw_face(200, seed), Frame((99.5, 103.0), 150.0), 64) for seed in range(1, 7)]
    pictures = np.stack([*faces, np.full((64, 64, 3), 120, np.uint8)])
    with DrawnFaceReader(LANDMARKER, 2) as read:
        readings = read(pictures)
    assert readings.shape == (7, 55)
    assert readings[6].isnan().all()
    alone = HeadLabeller(LANDMARKER)
    for picture, found in zip(faces, readings, strict=False):
        head = head_in(picture, alone)
        assert head is not None
        np.testing.assert_allclose(found[:52], head.blendshapes, atol=1e-5)
        np.testing.assert_allclose(found[52:], head.pose, atol=1e-5)
    alone.close()


def test_a_landmarker_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no Face Landmarker at .*none.task"):
        DrawnFaceReader(tmp_path / "none.task", 1)
