from pathlib import Path

import pytest

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, split
from training.data.sources.pictures import split_of
from training.data.sources.voxceleb import read_voxceleb


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "unzippedIntervalFaces/data"
    put(folder / "A.J._Buckley/1.6/J9lHsKG98U8/1.jpg", face(1))
    put(folder / "A.J._Buckley/1.6/J9lHsKG98U8/2.jpg", face(1)[:400])
    put(folder / "A.J._Buckley/1.6/xNlxOMdV8cc/3/0000075.jpg", face(1))
    put(folder / "Ed_Westwick/1.6/abc/1.jpg", face(2))
    put(folder / "Bea/1.3/abc/1.jpg", face(2))
    put(folder / "Bea/1.6/1.jpg", face(2))
    put(folder / "stray.jpg", face(2))
    put(folder / "Bea/1.6/abc/notes.txt", "no picture")
    return folder


def test_frames_know_their_person_and_video(data: Path) -> None:
    for root in (data.parents[1], data.parent):
        pictures, failures = split(read_voxceleb(root))
        assert {key: (p.identity, p.video, p.split) for key, p in pictures.items()} == {
            "A.J._Buckley/J9lHsKG98U8/1": ("A.J._Buckley", "J9lHsKG98U8", split_of("A.J._Buckley")),
            "A.J._Buckley/J9lHsKG98U8/2": ("A.J._Buckley", "J9lHsKG98U8", split_of("A.J._Buckley")),
            "A.J._Buckley/xNlxOMdV8cc/3/0000075": ("A.J._Buckley", "xNlxOMdV8cc", split_of("A.J._Buckley")),
            "Ed_Westwick/abc/1": ("Ed_Westwick", "abc", "test"),
        }
        expected = f"expected {data}/<identity>/1.6/<video>/<n>.jpg"
        names = ("Bea/1.3/abc/1.jpg", "Bea/1.6/1.jpg", "stray.jpg")
        assert failures == {name: f"{data / name}: {expected}" for name in names}
    samples, unreadable = prepared(pictures.values())
    assert unreadable == {"A.J._Buckley/J9lHsKG98U8/2": CUT_SHORT}
    assert {sample.video for sample in samples.values()} == {"J9lHsKG98U8", "xNlxOMdV8cc", "abc"}


@pytest.mark.parametrize(("person", "test"), [("id10269", 0), ("id10270", 1), ("id10309", 1), ("id10310", 0)])
def test_people_by_number_are_tested_on_as_by_name(person: str, test: bool, tmp_path: Path) -> None:
    put(tmp_path / f"data/{person}/1.6/v/1.jpg", face(1))
    (picture,) = split(read_voxceleb(tmp_path))[0].values()
    assert (picture.split == "test") == bool(test)


def test_a_folder_without_frames(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no \S+/unzippedIntervalFaces/data or \S+/data"):
        list(read_voxceleb(tmp_path))
