import tarfile
from pathlib import Path

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, split
from training.data.sources.folder import read_folder
from training.data.sources.pictures import Picture, split_of
from training.data.sources.readers import READERS, unique

SPLITS = {"train": 45, "val": 16, "test": 39}
"""People of a hundred in each split; no other machine may draw others."""


def test_each_folder_is_a_person(tmp_path: Path) -> None:
    root = tmp_path / "faces"
    put(root / "anna/1.jpg", face(1))
    put(root / "anna/2.JPEG", face(1)[:400])
    put(root / "ben/1.jpg", face(2))
    put(root / "stray.jpg", face(3))
    put(root / "ben/notes.txt", "no picture")
    pictures, failures = split(read_folder(root))
    assert {key: p.identity for key, p in pictures.items()} == {
        "anna/1.jpg": "anna",
        "anna/2.JPEG": "anna",
        "ben/1.jpg": "ben",
    }
    assert all(p.split == split_of(p.identity or "") for p in pictures.values())
    assert failures == {"stray.jpg": f"{root}/stray.jpg: expected <identity>/stray.jpg"}
    samples, unreadable = prepared(pictures.values())
    assert samples.keys() == {"anna/1.jpg", "ben/1.jpg"}
    assert unreadable == {"anna/2.JPEG": CUT_SHORT}

    archive = tmp_path / "faces.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(root / "anna", "anna")
    packed, _ = split(read_folder(archive))
    assert packed["anna/1.jpg"].read() == face(1)
    assert packed["anna/1.jpg"].identity == "anna"


def test_shares_of_the_people_are_kept_for_testing(tmp_path: Path) -> None:
    for number in range(100):
        for picture in range(2):
            put(tmp_path / f"person-{number}/{picture}.jpg", b"")
    splits: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    for item in read_folder(tmp_path, validation_share=0.2, test_share=0.3):
        assert isinstance(item, Picture)
        splits[item.split].add(item.identity or "")
    assert {split: len(people) for split, people in splits.items()} == SPLITS
    assert sum(map(len, splits.values())) == len(set.union(*splits.values())) == 100


def test_a_second_picture_of_one_name_is_listed(tmp_path: Path) -> None:
    put(tmp_path / "a/1_0_0_2017.jpg", face(1))
    put(tmp_path / "b/1_0_0_2017.jpg", face(2))
    read = list(unique(READERS["utkface"](tmp_path)))
    assert [item.key for item in read] == ["1_0_0_2017"] * 2
    assert vars(read[1]) == {
        "key": "1_0_0_2017",
        "reason": f"a second picture of this name: {tmp_path}/b/1_0_0_2017.jpg",
    }
