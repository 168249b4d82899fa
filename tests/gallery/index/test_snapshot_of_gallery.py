"""What a gallery does with its snapshot: it starts from it, writes it beside searches, and shows nothing erased."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gallery.gallery import Gallery
from gallery.index.metadata_filter import code
from gallery.index.snapshot import Snapshot
from gallery.query import Query, Term
from gallery.records import Amendment, EnrolledFace, NewFace
from gallery.store import changes
from gallery.store.store import Store
from model.attributes import Attribute, Vector, part
from model.errors import Unavailable
from tests.gallery.snapshots import needle, opened, readable
from tests.processes import wait_until

MakeFace = Callable[..., NewFace]
MakeEmbedding = Callable[[int], Vector]
pytestmark = pytest.mark.usefixtures("small_blocks")


def _query(embedding: MakeEmbedding, **filters: object) -> Query:
    terms = (Term(Attribute.STYLE, part(embedding(3), Attribute.STYLE)),)
    return Query(terms, k=50, **filters)  # type: ignore[arg-type]


def _found(gallery: Gallery, query: Query) -> list[tuple[str, float]]:
    return [(match.face.id, match.similarity) for match in gallery.search(query).matches]


def _read_from_store(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The ranges of numbers whose faces are read from the store from now on, one after another."""
    read, enrolled = list[tuple[int, int]](), Store.enrolled

    def spy(store: Store, after: int, last: int, limit: int) -> Any:
        read.append((after, last))
        return enrolled(store, after, last, limit)

    monkeypatch.setattr(Store, "enrolled", spy)
    return read


def test_a_gallery_starts_from_its_snapshot_and_reads_the_rest(
    folder: Path, url: str, new: MakeFace, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Gallery(url, folder)
    added = first.enrol_many([new(n, subject=f"s{n % 3}", metadata={"n": n % 2}) for n in range(45)])
    first.close()
    assert len(list(folder.iterdir())) == 4
    without = Gallery(url)
    later = without.enrol(new(3, subject="later"))
    without.delete(added[15].id)
    without.change(added[16].id, Amendment(metadata={"n": 5}))
    read = _read_from_store(monkeypatch)
    again = Gallery(url, folder)
    # The block of the erased face, and what lies beyond the last block.
    assert read == [(10, 20), (40, 49)]
    assert len(list(folder.iterdir())) == 3
    near = {"max_degrees": 90.0, "reference": embedding(3)}
    for filters in ({}, {"subject": "s1"}, {"metadata": {"n": 1}}, {"metadata": {"n": 5}}, near):
        assert _found(again, _query(embedding, **filters)) == _found(without, _query(embedding, **filters))
    assert later.id in dict(_found(again, _query(embedding)))
    assert added[15].id not in dict(_found(again, _query(embedding)))
    again.save()
    assert len(list(folder.iterdir())) == 4
    again.close()
    without.close()


def test_a_snapshot_is_written_after_many_changes(
    folder: Path, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.gallery._SECONDS", 0.01)
    monkeypatch.setattr("gallery.gallery._MANY", 15)
    gallery = Gallery(url, folder)
    added = gallery.enrol_many([new(n) for n in range(19)])
    time.sleep(0.1)
    assert not folder.exists()
    gallery.enrol(new(19))
    wait_until(lambda: folder.exists() and len(list(folder.iterdir())) == 2)
    # Nine of each block are left, which is enough to write them anew.
    for face in (added[0], added[10]):
        gallery.delete(face.id)
    store, folder_now = (
        gallery._store,
        lambda: opened(folder, gallery._store.name(), gallery._store.block_keys()[1].values()),
    )
    assert store.sequence() == 22
    wait_until(lambda: needle(added[5].embedding, Attribute.STYLE) in folder_now())
    gallery.close()


def _waiting_for(entered: threading.Event, release: threading.Event) -> Callable[..., bool]:
    def wait(*_: Any) -> bool:
        entered.set()
        assert release.wait(30)
        return True

    return wait


def test_nobody_waits_for_a_snapshot_to_be_written(
    folder: Path, url: str, new: MakeFace, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, release = threading.Event(), threading.Event()
    monkeypatch.setattr(Snapshot, "write", _waiting_for(entered, release))
    gallery = Gallery(url, folder)
    added = gallery.enrol_many([new(n) for n in range(25)])
    with ThreadPoolExecutor(2) as threads:
        saved = threads.submit(gallery.save)
        assert entered.wait(30)
        try:
            # Each of these needs the index alone for itself, and those that search come after it.
            newer = gallery.enrol(new(30))
            gallery.delete(added[3].id)
            found = threads.submit(_found, gallery, _query(embedding)).result(timeout=10)
        finally:
            release.set()
        saved.result(timeout=30)
    assert newer.id in dict(found)
    assert added[3].id not in dict(found)
    gallery.close()


ERASE: dict[str, Callable[[Gallery, EnrolledFace], object]] = {
    "delete": lambda gallery, face: gallery.delete(face.id),
    "delete_subject": lambda gallery, _: gallery.delete_subject("gone"),
    "change": lambda gallery, face: gallery.change(face.id, Amendment(subject="other")),
    "change_many": lambda gallery, face: gallery.change_many({face.id: Amendment(subject="other")}),
}


@pytest.mark.parametrize("erase", ERASE.values(), ids=ERASE)
def test_no_snapshot_shows_what_was_erased_also_of_a_machine_that_is_down(
    folder: Path, tmp_path: Path, url: str, new: MakeFace, erase: Callable[[Gallery, EnrolledFace], object]
) -> None:
    gallery = Gallery(url, folder)
    added = gallery.enrol_many([new(n, subject="gone" if n == 5 else f"kept {n}") for n in range(30)])
    gallery.close()
    gallery = Gallery(url, tmp_path / "elsewhere")
    gallery.save()
    keys = gallery._store.block_keys()[1]
    needles = (
        needle(added[5].embedding, Attribute.IDENTITY),
        code("gone").to_bytes(8, sys.byteorder, signed=True),
    )
    # Or the test would prove nothing.
    for place in (folder, tmp_path / "elsewhere"):
        assert all(each in readable(place, url) for each in needles)
    erase(gallery, added[5])
    for place in (folder, tmp_path / "elsewhere"):
        assert not any(each in readable(place, url) for each in needles)
        # All else is there as it was.
        assert needle(added[15].embedding, Attribute.IDENTITY) in readable(place, url)
    if url.startswith("sqlite"):
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert keys[1] in files
        assert keys[0] not in files
    gallery.close()
    again = Gallery(url, folder)
    assert len(again.search(_query(lambda _: added[5].embedding)).matches) == (29 if erase in _DELETIONS else 30)
    again.close()
    assert all(each not in readable(folder, url) for each in needles[1:])


_DELETIONS = (ERASE["delete"], ERASE["delete_subject"])


def test_what_is_erased_while_its_block_is_written_cannot_be_read(
    folder: Path, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, write = Gallery(url, folder), Snapshot.write
    added = gallery.enrol_many([new(n) for n in range(10)])

    def write_late(snapshot: Snapshot, *given: Any) -> bool:
        gallery.delete(added[4].id)
        return write(snapshot, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Snapshot, "write", write_late)
        gallery.save()
    erased = needle(added[4].embedding, Attribute.IDENTITY)
    assert erased not in readable(folder, url)
    gallery.save()
    assert needle(added[3].embedding, Attribute.IDENTITY) in readable(folder, url)
    assert erased not in readable(folder, url)
    gallery.close()


def test_a_key_is_not_made_while_a_deletion_is_under_way(
    url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads a block after its key reads nothing that was erased before."""
    store, other = Store(url), Store(url)
    added = store.add_many([new(n) for n in range(10)])
    entered, release, forget = threading.Event(), threading.Event(), changes.forget_keys

    def forget_slowly(*given: Any) -> None:
        forget(*given)
        entered.set()
        assert release.wait(30)

    monkeypatch.setattr(changes, "forget_keys", forget_slowly)
    with ThreadPoolExecutor(2) as threads:
        deleted = threads.submit(store.delete, added[2].id)
        assert entered.wait(30)
        made = threads.submit(other.make_block_keys, [0])
        time.sleep(0.3)
        assert not made.done()
        release.set()
        assert deleted.result(30).deleted == 1
        assert list(made.result(30)) == [0]
    assert [face.sequence for face in other.enrolled(0, 10, 10)] == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    store.close()
    other.close()


def test_a_process_that_nobody_asks_lets_go_of_what_others_erased(
    folder: Path, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.gallery._SECONDS", 0.05)
    gallery, other = Gallery(url, folder), Gallery(url)
    face = gallery.enrol(new(1))
    gallery.follow()
    other.delete(face.id)
    wait_until(lambda: len(gallery._index) == 0)
    gallery.close()
    other.close()


def test_a_failure_while_it_is_written_leaves_it_due(
    folder: Path, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(url, folder)
    gallery.enrol_many([new(n) for n in range(20)])

    def fail(_: Store, blocks: Sequence[int]) -> dict[int, bytes]:
        raise Unavailable(f"no keys of {blocks}")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "make_block_keys", fail)
        with pytest.raises(Unavailable):
            gallery.save()
    gallery.save()
    assert len(list(folder.iterdir())) == 2
    gallery.close()
