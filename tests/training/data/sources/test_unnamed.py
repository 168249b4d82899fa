from pathlib import Path

import pytest

from tests.training.data.made_up import put, split
from training.data.sources.readers import left_out, without
from training.data.sources.unnamed import read_unnamed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/2.png", "3.jpg", "notes.txt"):
        put(tmp_path / "set" / name, b"a picture")
    return tmp_path / "set"


def test_pictures_without_names(root: Path) -> None:
    pictures, failures = split(read_unnamed(root))
    assert set(pictures) == {"a/1.png", "a/2.png", "3.jpg"}
    assert {picture.identity for picture in pictures.values()} == {None}
    assert "test" not in {picture.split for picture in pictures.values()}
    assert failures == {}


def test_labels_by_the_path_below_the_root(root: Path) -> None:
    labels = put(root.parent / "labels.csv", "picture,expression\na/1.png,fear\na/2.png,joy\n9.jpg,anger\n")
    pictures, failures = split(read_unnamed(root, labels))
    assert {key: picture.expression for key, picture in pictures.items()} == {
        "a/1.png": "fear",
        "a/2.png": None,
        "3.jpg": None,
    }
    assert "'joy'" in failures["labels.csv:3"]
    assert failures["9.jpg"].endswith("names it, but it is not there")


def test_pictures_that_are_to_be_left_out(root: Path) -> None:
    listed = put(root.parent / "left-out.txt", "this set\ta/1.png\nanother\t3.jpg.chip.jpg\n")
    assert left_out(listed) == {"a/1.png", "a/1", "3.jpg.chip.jpg", "3"}
    pictures, failures = split(without(read_unnamed(root), {"a/1.png"}))
    assert set(pictures) == {"a/2.png", "3.jpg"}
    assert failures == {"a/1.png": "it is to be left out"}
