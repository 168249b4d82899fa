from pathlib import Path

from training.data.pictures import Picture, split_of
from training.data.utkface import read_utkface


def test_a_picture_is_a_file_or_a_part_of_one(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(b"0123456789")
    assert Picture("a", path).read() == b"0123456789"
    assert Picture("a", path, 3, 4).read() == b"3456"


def test_splits_are_fixed_and_near_to_their_share() -> None:
    names = [f"person {number}" for number in range(4000)]
    splits = [split_of(name) for name in names]
    assert abs(splits.count("val") / 4000 - 0.05) < 0.01
    assert set(splits) == {"train", "val"}
    # By SHA-256: these must never move.
    assert [name for name in names[:60] if split_of(name) == "val"] == ["person 45", "person 53"]
    assert split_of("anyone", 1.0) == "val"
    assert split_of("anyone", 0.0) == "train"


def test_utkface_has_pictures_without_names(tmp_path: Path) -> None:
    for name in ("26_1_0_20170116.jpg.chip.jpg", "1_0_2_20161219.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"picture")
    pictures = list(read_utkface(tmp_path))
    assert [picture.key for picture in pictures] == ["1_0_2_20161219", "26_1_0_20170116"]
    assert {picture.identity for picture in pictures} == {None}
    assert [picture.split for picture in pictures] == [split_of(picture.key) for picture in pictures]
