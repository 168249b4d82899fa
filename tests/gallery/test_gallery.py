"""The index follows the store: through restarts, crashes, other processes and threads."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gallery.base_gallery import BaseGallery
from gallery.query import Query, Term
from gallery.records import CollectionInfo, NewFace
from model.attributes import Attribute, Vector, part
from model.errors import NotFound

MakeFace = Callable[..., NewFace]
MakeQuery = Callable[..., Query]
OpenGallery = Callable[[str], BaseGallery]


@pytest.fixture(scope="session")
def like(embedding: Callable[[int], Vector]) -> MakeQuery:
    """The query for the identity of the face of a seed."""

    def query(seed: int, **fields: object) -> Query:
        terms = (Term(Attribute.IDENTITY, part(embedding(seed), Attribute.IDENTITY)),)
        return Query(terms, **fields)  # type: ignore[arg-type]

    return query


@pytest.fixture
def gallery(url: str, open_gallery: OpenGallery) -> Iterator[BaseGallery]:
    """One of each kind of search."""
    opened = open_gallery(url)
    yield opened
    opened.close()


def _ids(gallery: BaseGallery, query: Query) -> list[str]:
    return [match.face.id for match in gallery.search(query).matches]


def test_an_enrolled_face_is_found_with_all_it_has(gallery: BaseGallery, new: MakeFace, like: MakeQuery) -> None:
    added = gallery.enrol_many([new(n, metadata={"n": n}, crop=b"%d" % n) for n in range(30)])
    results = gallery.search(like(7, k=3, reference=added[7].embedding))
    best = results.matches[0]
    assert (best.face.id, best.face.metadata, results.searched) == (added[7].id, {"n": 7}, 30)
    assert best.similarity == pytest.approx(1)
    assert best.distance == pytest.approx(0, abs=1e-6)
    assert best.similarities == pytest.approx(dict.fromkeys(Attribute, 1.0))
    assert gallery.crop(added[7].id) == b"7"
    assert gallery.collections() == [CollectionInfo("default", 30, 1)]
    assert [face.id for face in gallery.page(limit=2).faces] == [added[0].id, added[1].id]


def test_an_empty_gallery_finds_nothing(gallery: BaseGallery, like: MakeQuery) -> None:
    results = gallery.search(like(1))
    assert (results.matches, results.searched) == ([], 0)


def test_a_restart_changes_no_answer(
    gallery: BaseGallery, url: str, open_gallery: OpenGallery, new: MakeFace, like: MakeQuery
) -> None:
    added = gallery.enrol_many([new(n) for n in range(40)])
    gallery.delete(added[3].id)
    before = gallery.search(like(3, k=20))
    gallery.close()
    again = open_gallery(url)
    after = again.search(like(3, k=20))
    assert [(m.face.id, m.similarity, m.similarities) for m in after.matches] == [
        (m.face.id, m.similarity, m.similarities) for m in before.matches
    ]
    assert (after.searched, before.searched) == (39, 39)
    again.close()


def test_two_galleries_on_one_database_see_each_other(
    gallery: BaseGallery, url: str, open_gallery: OpenGallery, new: MakeFace, like: MakeQuery
) -> None:
    other = open_gallery(url)
    mine, theirs = gallery.enrol(new(1)), other.enrol(new(2))
    assert _ids(gallery, like(2)) == _ids(other, like(2)) == [theirs.id, mine.id]
    assert other.delete(mine.id).sequence == 3
    assert _ids(gallery, like(1)) == [theirs.id]
    assert gallery.delete_subject("ada").deleted == 1
    assert _ids(other, like(1)) == _ids(gallery, like(1)) == []
    with pytest.raises(NotFound):
        other.get(theirs.id)
    other.close()


def test_more_changes_than_one_batch_are_followed(
    gallery: BaseGallery,
    url: str,
    open_gallery: OpenGallery,
    new: MakeFace,
    like: MakeQuery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gallery.gallery._BATCH", 3)
    monkeypatch.setattr("gallery.milvus.follower.BATCH", 3)
    added = gallery.enrol_many([new(n) for n in range(10)])
    gallery.delete(added[8].id)
    other = open_gallery(url)
    for opened in (gallery, other):
        assert set(_ids(opened, like(1))) == {face.id for face in added if face is not added[8]}
    other.close()


def test_rows_that_vanish_without_a_word_hold_up_no_search(
    gallery: BaseGallery, url: str, open_gallery: OpenGallery, new: MakeFace, like: MakeQuery
) -> None:
    added = gallery.enrol_many([new(n) for n in range(5)])
    assert len(_ids(gallery, like(1))) == 5
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM faces WHERE id = :id"), {"id": added[4].id})
    engine.dispose()
    other = open_gallery(url)
    for opened in (gallery, other):
        assert set(_ids(opened, like(1))) == {face.id for face in added[:4]}
    other.close()


def test_searches_run_while_others_write(gallery: BaseGallery, new: MakeFace, like: MakeQuery) -> None:
    kept = gallery.enrol_many([new(n, subject="kept") for n in range(20)])

    def write(seed: int) -> None:
        for _ in range(3):
            passing = gallery.enrol(new(seed, subject="passing"))
            assert passing.id in _ids(gallery, like(seed, k=1000))
            gallery.delete(passing.id)
            assert passing.id not in _ids(gallery, like(seed, k=1000))

    def search(seed: int) -> None:
        for _ in range(15):
            results = gallery.search(like(seed, k=20, subject="kept"))
            assert results.matches[0].face.id == kept[seed].id
            assert (len(results.matches), results.searched) == (20, 20)
            assert len(gallery.search(like(seed, k=20)).matches) == 20

    with ThreadPoolExecutor(6) as threads:
        jobs = [threads.submit(job, seed) for seed in range(3) for job in (write, search)]
        for job in jobs:
            job.result(timeout=60)
    assert gallery.search(like(1)).searched == 20


_ENROL_FOREVER = """
import sys
import numpy as np
from gallery.gallery import Gallery
from gallery.records import NewFace

gallery = Gallery(sys.argv[1])
embedding = np.frombuffer(bytes.fromhex(sys.argv[2]), np.float32)
while True:
    print(gallery.enrol(NewFace("ada", embedding, "m1")).id, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(
    url: str, open_gallery: OpenGallery, embedding: Callable[[int], Vector], like: MakeQuery
) -> None:
    command = [sys.executable, "-c", _ENROL_FOREVER, url, embedding(1).tobytes().hex()]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().strip() for _ in range(20)]
        os.kill(child.pid, signal.SIGKILL)
        # The last line may be cut off; a whole one was acknowledged too.
        acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    gallery = open_gallery(url)
    enrolled = [face.id for face in gallery.page(limit=1000).faces]
    assert enrolled[: len(acknowledged)] == acknowledged
    assert len(enrolled) - len(acknowledged) in (0, 1)
    assert sorted(_ids(gallery, like(1, k=1000))) == sorted(enrolled)
    gallery.close()
