from pathlib import Path

import numpy as np
import pytest

from model.faces.detector import load_detector
from tests.faces import draw_face, jpeg, png
from tests.training.data.made_up import CUT_SHORT, put, split
from training.audit.material import align_all, read_labelled

ROWS = """identity,path,expression
anna,a/1.png,happiness
,a/2.png,neutral
ben,a/3.png,
ben,none.png,neutral
ben
"""


def test_a_table_names_pictures_from_its_own_folder(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put(tmp_path / f"a/{number}.png", png(draw_face(64, number)))
    table = put(tmp_path / "labels.csv", ROWS)
    pictures, failures = split(read_labelled(table))
    assert {key: (p.path, p.identity, p.expression) for key, p in pictures.items()} == {
        "a/1.png": (tmp_path / "a/1.png", "anna", "happiness"),
        "a/2.png": (tmp_path / "a/2.png", None, "neutral"),
        "a/3.png": (tmp_path / "a/3.png", "ben", None),
    }
    assert failures == {
        "none.png": f"labels.csv:5: there is no {tmp_path}/none.png",
        "labels.csv:6": "expected 3 cells, found 1",
    }


def test_a_table_without_paths_or_labels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"labels.csv:1: expected the columns path; there is no path"):
        list(read_labelled(put(tmp_path / "labels.csv", "file,identity\n")))
    with pytest.raises(ValueError, match=r"labels.csv:1: expected a column identity or expression beside path"):
        list(read_labelled(put(tmp_path / "labels.csv", "path,name\na.png,anna\n")))


def test_a_folder_has_the_names_of_its_folders(tmp_path: Path) -> None:
    put(tmp_path / "anna/1.png", png(draw_face(64, 1)))
    (picture,) = split(read_labelled(tmp_path))[0].values()
    assert (picture.key, picture.identity) == ("anna/1.png", "anna")


def test_faces_are_cut_out_and_what_has_none_is_marked(tmp_path: Path) -> None:
    put(tmp_path / "anna/1.jpg", jpeg(draw_face(200, 1)))
    put(tmp_path / "anna/2.jpg", jpeg(np.full((200, 200, 3), 90, np.uint8)))
    put(tmp_path / "anna/3.jpg", jpeg(draw_face(200, 1))[:900])
    put(tmp_path / "stray.jpg", b"")
    told: list[int] = []
    items = list(read_labelled(tmp_path))
    material = align_all(items, load_detector(), 64, lambda: told.append(1))
    assert [picture.key for picture in material.pictures] == ["anna/1.jpg", "anna/2.jpg"]
    assert material.found.tolist() == [True, False]
    assert material.crops.shape == (2, 64, 64, 3)
    assert (material.crops[1] == 90).all()
    assert {failure.key: failure.reason for failure in material.failures} == {
        "anna/3.jpg": CUT_SHORT,
        "stray.jpg": f"{tmp_path}/stray.jpg: expected <identity>/stray.jpg",
    }
    assert len(told) == 4
    assert align_all(items, None, 64).found.tolist() == [True, True]
    assert align_all([], None, 64).crops.shape == (0, 64, 64, 3)
