"""A snapshot gives the index that it was made of, or says why not; and it keeps no deleted face."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gallery.gallery import Gallery
from gallery.index.index import Hits, Index
from gallery.index.snapshot import Snapshot
from gallery.query import Query, Term
from gallery.records import Amendment, Deletion, Enrolment, NewFace
from model.attributes import Attribute, Vector, part

MakeFace = Callable[..., NewFace]
MakeEmbedding = Callable[[int], Vector]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "index.snapshot"


def _index(embedding: MakeEmbedding) -> Index:
    index = Index()
    index.apply(
        [
            Enrolment(
                n, f"0197f0d4-0000-7000-8000-{n:012}", f"s{n % 3}", "c", "m1", embedding(n), {"n": n % 2, "é": [n]}
            )
            for n in range(1, 41)
        ]
    )
    index.apply([Deletion(41, 7), Deletion(42, 40)])
    return index


def assert_same(found: Hits, expected: Hits) -> None:
    assert (found.numbers, found.searched) == (expected.numbers, expected.searched)
    np.testing.assert_array_equal(found.embeddings, expected.embeddings)


def _query(embedding: MakeEmbedding, **filters: object) -> Query:
    terms = (Term(Attribute.STYLE, part(embedding(3), Attribute.STYLE)),)
    return Query(terms, k=50, **filters)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [_index, lambda _: Index()], ids=["some", "none"])
def test_a_snapshot_gives_the_same_index(path: Path, embedding: MakeEmbedding, make: Callable[..., Index]) -> None:
    index, snapshot = make(embedding), Snapshot(path, "store")
    with snapshot.locked():
        snapshot.save(index)
        again = snapshot.load(100)
    assert again is not None
    assert (again.sequence, again.numbers.tolist()) == (index.sequence, index.numbers.tolist())
    for filters in ({}, {"subject": "s1"}, {"metadata": {"n": 1}}, {"max_degrees": 90.0, "reference": embedding(3)}):
        query = _query(embedding, **filters)
        assert_same(again.search(query), index.search(query))
    more = Enrolment(101, "0197f0d4-0000-7000-8000-000000000101", "new", "c", "m1", embedding(3))
    for each in (index, again):
        each.apply([more])
    assert again.search(_query(embedding, subject="new")).numbers == [101]
    assert_same(again.search(_query(embedding)), index.search(_query(embedding)))


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
    "another sequence": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"sequence":"42"', b'"sequence":"41"')
    ),
    "another file": lambda path: save_file({"numbers": np.arange(3)}, path),
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
def test_a_damaged_snapshot_is_no_snapshot_and_the_log_says_so(
    path: Path, embedding: MakeEmbedding, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = Snapshot(path, "store")
    with snapshot.locked():
        snapshot.save(_index(embedding))
        before = path.read_bytes()
        spoil(path)
        assert path.read_bytes() != before
        assert snapshot.load(100) is None
        assert not path.exists()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(path) in caplog.text


def test_a_foreign_snapshot_is_no_snapshot(
    path: Path, embedding: MakeEmbedding, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot, other = Snapshot(path, "store"), Snapshot(path, "other")
    with snapshot.locked():
        snapshot.save(_index(embedding))
        assert snapshot.load(42) is not None
        assert snapshot.load(41) is None
        assert "set back" in caplog.text
        snapshot.save(_index(embedding))
        assert other.load(42) is None
        assert "another store" in caplog.text
        assert snapshot.load(42) is None
    assert len(caplog.records) == 2


def test_a_snapshot_that_cannot_be_read_stops_no_start(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder in its place stands for whatever the file system refuses, to root too."""
    path.mkdir(parents=True)
    snapshot = Snapshot(path, "this one")
    with snapshot.locked():
        assert snapshot.load(latest=42) is None
    assert "is of no use and is made anew" in caplog.text
    assert "cannot be removed; remove it by hand" in caplog.text


def test_a_half_written_snapshot_is_removed_and_the_old_one_holds(path: Path, embedding: MakeEmbedding) -> None:
    snapshot = Snapshot(path, "store")
    with snapshot.locked():
        snapshot.save(_index(embedding))
        aside = path.with_name(path.name + ".new")
        aside.write_bytes(path.read_bytes()[:500])
        assert snapshot.load(100) is not None
        assert not aside.exists()


def test_a_snapshot_that_cannot_be_written_stops_nothing(
    path: Path, embedding: MakeEmbedding, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = Snapshot(path, "store")
    with snapshot.locked():
        path.with_name(path.name + ".new").symlink_to("/dev/full")
        path.mkdir()
        snapshot.save(_index(embedding))
    assert "cannot be written" in caplog.text


def test_a_gallery_starts_from_its_snapshot_and_follows(
    path: Path, url: str, new: MakeFace, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Gallery(url, path)
    added = first.enrol_many([new(n, metadata={"n": n}) for n in range(30)])
    first.close()
    without = Gallery(url)
    later = without.enrol(new(3, subject="later"))
    without.delete(added[5].id)
    asked = list[int]()
    follow = type(without._store).changes_since
    monkeypatch.setattr(
        "gallery.store.store.Store.changes_since",
        lambda *arguments: (asked.append(arguments[1]), follow(*arguments))[1],
    )
    again = Gallery(url, path)
    assert asked[0] == 30
    expected = [match.face.id for match in without.search(_query(embedding)).matches]
    assert [match.face.id for match in again.search(_query(embedding)).matches] == expected
    assert {later.id} < set(expected)
    assert added[5].id not in expected
    # The face that another gallery deleted was in the snapshot.
    assert not path.exists()
    again.close()
    without.close()


def test_a_snapshot_is_written_after_many_changes(
    path: Path, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.gallery._SECONDS", 0.01)
    monkeypatch.setattr("gallery.gallery._MANY", 5)
    gallery = Gallery(url, path)
    gallery.enrol_many([new(n) for n in range(4)])
    gallery.save()
    first = path.stat().st_mtime_ns
    gallery.enrol_many([new(n) for n in range(4)])
    assert len(gallery.page().faces) == 8
    time.sleep(0.1)
    assert path.stat().st_mtime_ns == first
    gallery.enrol(new(5))
    gallery.search(Query((Term(Attribute.STYLE, part(new(1).embedding, Attribute.STYLE)),)))
    deadline = time.monotonic() + 30
    while path.stat().st_mtime_ns == first:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    gallery.close()


def _files_with(folder: Path, needle: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if needle in file.read_bytes()]


@pytest.mark.parametrize("erase", ["delete", "delete_subject", "change"])
def test_no_snapshot_keeps_what_was_erased(path: Path, url: str, new: MakeFace, erase: str) -> None:
    gallery = Gallery(url, path)
    gone, kept = gallery.enrol_many([new(1, subject="gone"), new(2, subject="kept")])
    gallery.save()
    needle = b"gone" if erase == "change" else part(gone.embedding, Attribute.IDENTITY).tobytes()
    assert _files_with(path.parent, needle) == [path.name]
    if erase == "delete":
        gallery.delete(gone.id)
    elif erase == "delete_subject":
        gallery.delete_subject("gone")
    else:
        gallery.change(gone.id, Amendment(subject="other"))
    assert _files_with(path.parent, needle) == []
    gallery.close()
    assert _files_with(path.parent, needle) == []
    assert _files_with(path.parent, part(kept.embedding, Attribute.IDENTITY).tobytes()) == [path.name]
