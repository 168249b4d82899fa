from pathlib import Path

import pytest

from tests.training.data.made_up import put, split
from training.data.sources.cfp import of_copy, read_cfp, read_cfp_pairs
from training.data.sources.lfw import Pair


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two people with two frontal pictures and one profile each; the second is in fold 8."""
    frontal = [f"{person}/frontal/{number:02d}" for person in ("001", "002") for number in (1, 2)]
    profile = [f"{person}/profile/01" for person in ("001", "002")]
    for name in (*frontal, *profile):
        put(tmp_path / "Data/Images" / f"{name}.jpg", b"a picture")
    for view, names in (("F", frontal), ("P", profile)):
        lines = [f"{number} ../Data/Images/{name}.jpg" for number, name in enumerate(names, 1)]
        put(tmp_path / f"Protocol/Pair_list_{view}.txt", "\n".join(lines) + "\n")
    put(tmp_path / "Protocol/Split/FF/08/same.txt", "3,4\n")
    put(tmp_path / "Protocol/Split/FF/08/diff.txt", "4,3\n")
    put(tmp_path / "Protocol/Split/FP/08/same.txt", "3,2\n")
    put(tmp_path / "Protocol/Split/FP/08/diff.txt", "4,1\n")
    return tmp_path


def test_pairs_by_the_numbers_of_their_lists(root: Path) -> None:
    first, second = "002/frontal/01", "002/frontal/02"
    assert read_cfp_pairs(root, "FF", 8) == [Pair(first, second, True), Pair(second, first, False)]
    assert read_cfp_pairs(root, "FP", 8) == [Pair(first, "002/profile/01", True), Pair(second, "001/profile/01", False)]


def test_pairs_whose_pictures_a_copy_has(root: Path) -> None:
    pairs = read_cfp_pairs(root, "FP", 8)
    assert of_copy(root, pairs) == pairs
    (root / "Data/Images/001/profile/01.jpg").unlink()
    assert of_copy(root, pairs) == pairs[:1]


def test_pictures_with_their_people_and_the_fold_for_testing(root: Path) -> None:
    put(root / "Data/Images/stray.jpg", b"?")
    pictures, failures = split(read_cfp(root))
    assert len(pictures) == 6
    assert {picture.identity for picture in pictures.values()} == {"001", "002"}
    assert {picture.split for picture in pictures.values() if picture.identity == "002"} == {"test"}
    assert "test" not in {picture.split for picture in pictures.values() if picture.identity == "001"}
    assert failures == {"stray.jpg": "stray.jpg: expected 001/frontal/01.jpg or 001/profile/01.jpg"}


def test_what_is_missing_or_odd_is_named(root: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no .*Split/FF/09/same\.txt"):
        read_cfp_pairs(root, "FF", 9)
    put(root / "Protocol/Split/FF/08/same.txt", "3,9\n")
    with pytest.raises(ValueError, match=r"same\.txt:1: expected two numbers of listed pictures, found '3,9'"):
        read_cfp_pairs(root, "FF", 8)
    put(root / "Protocol/Pair_list_F.txt", "1 Images/001.jpg\n")
    with pytest.raises(ValueError, match=r"Pair_list_F\.txt:1: expected a number and a path"):
        list(read_cfp(root))
