from pathlib import Path

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, split
from training.data.sources.pictures import Picture, split_of
from training.data.sources.utkface import read_utkface


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
    for name in ("26_1_0_20170116.jpg.chip.jpg", "1_0_2_20161219.jpg", "61_1_20170109.jpg", "9_2_0_2017.jpg"):
        put(tmp_path / name, face(1))
    put(tmp_path / "70_1_3_2017.jpg", face(1)[:300])
    put(tmp_path / "notes.txt", "no picture")
    pictures, failures = split(read_utkface(tmp_path))
    assert {key: (p.identity, p.split, p.attributes) for key, p in pictures.items()} == {
        "1_0_2_20161219": (None, split_of("1_0_2_20161219"), {"age": 1, "gender": 0, "race": 2}),
        "26_1_0_20170116": (None, split_of("26_1_0_20170116"), {"age": 26, "gender": 1, "race": 0}),
        "70_1_3_2017": (None, split_of("70_1_3_2017"), {"age": 70, "gender": 1, "race": 3}),
    }
    expected = "expected age_gender_race_date as name, gender 0 or 1, race 0 to 4"
    assert failures == {name: f"{name}.jpg: {expected}" for name in ("61_1_20170109", "9_2_0_2017")}
    samples, unreadable = prepared(pictures.values())
    assert unreadable == {"70_1_3_2017": CUT_SHORT}
    assert samples["26_1_0_20170116"].attributes == {"age": 26, "gender": 1, "race": 0}
