"""A snapshot gives the faces that it was made of, or says why not; and nobody can read an erased face in it."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.index.face_columns import FaceColumns
from gallery.index.metadata_filter import code
from gallery.index.snapshot import Snapshot
from gallery.records import Enrolment
from model.attributes import Attribute, Vector
from tests.gallery.snapshots import needle, opened

MakeEmbedding = Callable[[int], Vector]
KEY = bytes(range(32))
pytestmark = pytest.mark.usefixtures("small_blocks")


def _columns(embedding: MakeEmbedding, count: int = 10) -> FaceColumns:
    return FaceColumns.of(
        [
            Enrolment(
                n,
                f"0197f0d4-0000-7000-8000-{n:012}",
                f"s{n % 3}",
                "c",
                "m1",
                embedding(n),
                {"n": n % 2, "é": [n]},
                n / 10,
            )
            for n in range(1, count + 1)
        ]
    )


def _bytes(text: str) -> bytes:
    """How a text lies in a snapshot."""
    return code(text).to_bytes(8, sys.byteorder, signed=True)


@pytest.mark.parametrize("count", [10, 0])
def test_a_block_comes_back_as_it_was(folder: Path, embedding: MakeEmbedding, count: int) -> None:
    faces, snapshot = _columns(embedding, count), Snapshot(folder, "store")
    assert snapshot.read(3, KEY) is None
    assert snapshot.write(3, KEY, faces)
    again = Snapshot(folder, "store").read(3, KEY)
    assert again is not None
    assert again.packed() == faces.packed()
    for name, values in faces.rows.items():
        np.testing.assert_array_equal(again.rows[name], values)
    assert again.models == faces.models == (["m1"] if count else [])
    assert [path.suffix for path in folder.iterdir()] == [".faces"]


def test_nothing_of_a_face_is_in_a_file(folder: Path, embedding: MakeEmbedding) -> None:
    Snapshot(folder, "store").write(0, KEY, _columns(embedding))
    [path] = folder.iterdir()
    needles = (
        needle(embedding(3), Attribute.IDENTITY),
        _bytes("0197f0d4-0000-7000-8000-000000000003"),
        _bytes("s1"),
    )
    assert not any(each in path.read_bytes() for each in needles)
    assert all(each in opened(folder, "store", [KEY]) for each in needles)


def _flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)


SPOIL: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no snapshot at all"),
    "a bit at the end": lambda path: _flip(path, 1.0),
    "a bit in the middle": lambda path: _flip(path, 0.5),
    "a bit at the beginning": lambda path: _flip(path, 0.0),
    "another block's": lambda path: path.write_bytes(path.with_name(path.name.replace("0", "1", 1)).read_bytes()),
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
def test_a_damaged_file_is_none_and_the_log_says_so(
    folder: Path, embedding: MakeEmbedding, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = Snapshot(folder, "store")
    for block in (0, 1_000_000_000):
        snapshot.write(block, KEY, _columns(embedding))
    path = min(folder.iterdir())
    before = path.read_bytes()
    spoil(path)
    assert path.read_bytes() != before
    assert snapshot.read(0, KEY) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(path) in caplog.text


def test_a_foreign_file_is_none(folder: Path, embedding: MakeEmbedding, caplog: pytest.LogCaptureFixture) -> None:
    snapshot, other = Snapshot(folder, "store"), Snapshot(folder, "other")
    snapshot.write(0, KEY, _columns(embedding))
    assert other.read(0, KEY) is None
    assert "not what was written" in caplog.text
    assert snapshot.read(0, bytes(32)) is None
    assert snapshot.read(0, KEY) is not None


def test_what_cannot_be_read_or_written_stops_nothing(
    folder: Path, embedding: MakeEmbedding, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder in the place of a file stands for whatever the file system refuses, to root too."""
    snapshot = Snapshot(folder, "store")
    snapshot.write(0, KEY, _columns(embedding))
    [path] = folder.iterdir()
    path.unlink()
    path.mkdir()
    assert snapshot.read(0, KEY) is None
    assert "is of no use and is made anew" in caplog.text
    assert not snapshot.write(0, KEY, _columns(embedding))
    assert "cannot be written" in caplog.text
    assert list(folder.iterdir()) == [path]
    snapshot.clear({})
    assert "cannot be removed" in caplog.text


def test_a_file_of_the_earlier_format_is_removed(folder: Path, url: str) -> None:
    folder.parent.mkdir()
    old = [folder.with_name(folder.name + suffix) for suffix in ("", ".new", ".lock")]
    for path in old:
        path.write_bytes(b"embeddings in plain")
    Gallery(url, folder).close()
    assert not any(path.is_file() for path in old)
