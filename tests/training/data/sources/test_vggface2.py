from pathlib import Path

import pytest

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, side, split, two_faces
from training.data.sources.pictures import split_of
from training.data.sources.vggface2 import read_vggface2

HEADER = '"NAME_ID","X","Y","W","H"'
PEOPLE = """Class_ID, Name, Sample_Num, Flag, Gender,
n000002, "A_Fine,_Frenzy",4,1, f,
n000003, "A._A._Gill",1,1, m,
n000009, "Unsure",1,1, x,
n000001, "14th_Dalai_Lama",1,0, m,
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two training people, one for testing, and one fault of each kind."""
    put(tmp_path / "identity_meta.csv", PEOPLE)
    put(tmp_path / "train/n000002/0001_01.jpg", face(1))
    put(tmp_path / "train/n000002/0002_01.jpg", two_faces(1, 2))
    put(tmp_path / "train/n000002/0002_02.jpg", two_faces(1, 2))
    put(tmp_path / "train/n000002/0003_01.jpg", face(1)[:500])
    put(tmp_path / "train/n000002/0004_01.jpg", face(1))
    put(tmp_path / "train/n000002/0005_01.jpg", face(1))
    put(tmp_path / "train/n000003/0001_01.jpg", face(2))
    put(tmp_path / "train/n000009/0001_01.jpg", face(3))
    put(tmp_path / "test/n000001/0001_01.jpg", face(4))
    rows = [
        '"n000002/0001_01",20,15,80,100',
        '"n000002/0002_01",20,15,80,100',
        '"n000002/0002_02",140,15,80,100',
        '"n000002/0003_01",20,15,80,100',
        '"n000002/0004_01",20,?,80,100',
        '"n000003/0001_01",20,15,80,100',
        '"n000003/0002_01",20,15,80,100',
        '"n000009/0001_01",20,15,80,100',
        '"n000002/0001_01",1,1,1,1',
        '"n000003/0001_01,1,1',
        "n000003/0001_01,1,1",
        "0001_01,1,1,1,1",
    ]
    put(tmp_path / "bb_landmark/loose_bb_train.csv", "\n".join([HEADER, *rows]) + "\n")
    put(tmp_path / "bb_landmark/loose_bb_test.csv", f'{HEADER}\n"n000001/0001_01",20,15,80,100\n')
    return tmp_path


def test_pictures_with_person_gender_box_and_the_owners_split(root: Path) -> None:
    pictures, _ = split(read_vggface2(root))
    names = ["n000002/0001_01", "n000002/0002_01", "n000002/0002_02", "n000002/0003_01", "n000003/0001_01"]
    assert list(pictures) == [*(f"train/{name}" for name in names), "test/n000001/0001_01"]
    first, last = pictures["train/n000002/0001_01"], pictures["test/n000001/0001_01"]
    assert (first.identity, first.attributes, first.box) == ("n000002", {"male": 0}, (20, 15, 80, 100))
    assert (first.split, last.split, last.attributes) == (split_of("n000002"), "test", {"male": 1})


def test_every_fault_is_listed_with_its_place(root: Path) -> None:
    _, failures = split(read_vggface2(root))
    assert failures == {
        "identity_meta.csv:4": "expected m or f as Gender, found 'x'",
        "loose_bb_train.csv:6": "expected a number as Y, found '?'",
        "loose_bb_train.csv:10": "a second row for n000002/0001_01",
        "loose_bb_train.csv:11": "unexpected end of data",
        "loose_bb_train.csv:12": "expected 5 cells, found 3",
        "loose_bb_train.csv:13": "expected person/picture as NAME_ID, found '0001_01'",
        "train/n000002/0004_01": "no readable row of loose_bb_train.csv gives its box",
        "train/n000002/0005_01": "no readable row of loose_bb_train.csv gives its box",
        "train/n000003/0002_01": f"loose_bb_train.csv:8: there is no {root}/train/n000003/0002_01.jpg",
        "train/n000009/0001_01": "no readable row of identity_meta.csv is of n000009",
    }


def test_the_box_chooses_the_face_and_an_unreadable_picture_is_listed(root: Path) -> None:
    samples, failures = prepared(split(read_vggface2(root))[0].values())
    assert failures == {"train/n000002/0003_01": CUT_SHORT}
    assert len(samples) == 5
    assert side(samples["train/n000002/0002_01"]) == "left"
    assert side(samples["train/n000002/0002_02"]) == "right"
    assert samples["test/n000001/0001_01"].attributes == {"male": 1}


def test_a_folder_without_the_layout_names_all_that_is_missing(root: Path, tmp_path: Path) -> None:
    (root / "identity_meta.csv").unlink()
    (root / "bb_landmark/loose_bb_test.csv").unlink()
    with pytest.raises(ValueError, match="has not the layout of VGGFace2") as caught:
        list(read_vggface2(root))
    assert f"there is no {root}/identity_meta.csv or {root}/meta/identity_meta.csv" in str(caught.value)
    assert f"there is no {root}/bb_landmark/loose_bb_test.csv" in str(caught.value)
    with pytest.raises(ValueError, match="nowhere is no folder"):
        list(read_vggface2(tmp_path / "nowhere"))


def test_a_table_with_other_columns(root: Path) -> None:
    put(root / "bb_landmark/loose_bb_train.csv", "NAME_ID,P1X,P1Y\n")
    with pytest.raises(
        ValueError, match=r"loose_bb_train.csv:1: expected the columns NAME_ID, X, Y, W, H; there is no X"
    ):
        list(read_vggface2(root))
