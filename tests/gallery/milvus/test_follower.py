"""Milvus follows the database, whoever applies the changes, whatever goes wrong on the way."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.milvus.collection import MilvusCollection
from gallery.milvus.gallery import MilvusConfig, MilvusGallery
from gallery.milvus.rows import State, rows_of
from gallery.milvus.verification import verify_milvus
from gallery.query import Query, Term
from gallery.records import Amendment, EnrolledFace, Enrolment, NewFace
from gallery.store.store import Store
from model.attributes import Attribute, Vector, part
from model.errors import NotFound, Unavailable

MakeFace = Callable[..., NewFace]
OpenMilvus = Callable[[str], MilvusGallery]
AWAY = "http://127.0.0.1:1"


@pytest.fixture
def gallery(sqlite_url: str, open_milvus: OpenMilvus) -> Iterator[MilvusGallery]:
    opened = open_milvus(sqlite_url)
    yield opened
    opened.close()


def _asking(embedding: Vector, **fields: Any) -> Query:
    return Query((Term(Attribute.IDENTITY, part(embedding, Attribute.IDENTITY)),), **fields)


def _held(gallery: MilvusGallery) -> set[int]:
    return {row["number"] for row in gallery.vectors.rows("", ["number"])}


def _enrolments(url: str, *numbers: int) -> list[Enrolment]:
    store = Store(url)
    found = [one for number in numbers for one in store.enrolled(number - 1, number, 1)]
    store.close()
    return found


def test_an_erasure_is_acknowledged_once_milvus_has_it(
    gallery: MilvusGallery, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = gallery.enrol_many([new(1), new(2, subject="bob"), new(3, subject="bob")])
    gallery.follow()
    assert _held(gallery) == {1, 2, 3}
    gallery.delete(one.id)
    assert _held(gallery) == {2, 3}
    gallery.delete_subject("bob", "default")
    assert _held(gallery) == set()
    four = gallery.enrol(new(4))
    gallery.follow()

    def away(*_: Any) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(MilvusCollection, "remove", away)
        with pytest.raises(Unavailable):
            gallery.delete(four.id)
        with pytest.raises(Unavailable):
            gallery.delete(four.id)
    assert _held(gallery) == {four.sequence}
    with pytest.raises(NotFound):
        gallery.delete(four.id)
    assert _held(gallery) == set()
    assert {one.sequence, two.sequence, three.sequence} == {1, 2, 3}


def test_without_milvus_all_but_searches_and_erasures_goes_on(
    sqlite_url: str, open_milvus: OpenMilvus, new: MakeFace
) -> None:
    gallery = MilvusGallery(sqlite_url, MilvusConfig(AWAY))
    one, two = gallery.enrol_many([new(1), new(2)])
    for ask in (lambda: gallery.search(_asking(one.embedding)), gallery.census, lambda: gallery.delete(two.id)):
        with pytest.raises(Unavailable, match="Milvus does not answer"):
            ask()
    assert [face.id for face in gallery.page().faces] == [one.id]
    assert gallery.change(one.id, Amendment(subject="bob")).subject == "bob"
    gallery.close()
    again = open_milvus(sqlite_url)
    assert [match.face.subject for match in again.search(_asking(one.embedding)).matches] == ["bob"]
    again.close()


def test_a_change_of_the_model_is_followed(gallery: MilvusGallery, new: MakeFace) -> None:
    faces = gallery.enrol_many([new(n) for n in range(6)])
    changed = gallery.change_many({face.id: Amendment(embedding=new(50).embedding, model="m2") for face in faces[:4]})
    assert gallery.census() == {"m1": 2, "m2": 4}
    found = gallery.search(_asking(new(50).embedding, model="m2")).matches
    assert {match.face.id for match in found} == {face.id for face in faces[:4]}
    assert all(match.similarity == pytest.approx(1.0) for match in found)
    assert _held(gallery) == {face.sequence for face in [*faces[4:], *changed]}


def test_changes_applied_twice_do_no_harm(gallery: MilvusGallery, sqlite_url: str, new: MakeFace) -> None:
    faces = gallery.enrol_many([new(n) for n in range(8)])
    gallery.delete(faces[2].id)
    gallery.change(faces[3].id, Amendment(subject="bob"))
    gallery.follow()
    held = _held(gallery)
    # As one that died before it noted how far it had come, and as one that was late with its rows.
    gallery.vectors.note(State(0))
    gallery.vectors.put(rows_of([Enrolment(3, faces[2].id, "ada", "default", "m1", faces[2].embedding)]))
    other = MilvusGallery(sqlite_url, gallery_config(gallery))
    other.follow()
    other.close()
    assert _held(gallery) == held
    assert held == {1, 2, 5, 6, 7, 8, 11}


def gallery_config(gallery: MilvusGallery) -> MilvusConfig:
    """Where the Milvus of a gallery is."""
    return MilvusConfig(gallery.vectors._uri)


def test_several_galleries_write_and_search_at_once(
    sqlite_url: str, open_milvus: OpenMilvus, new: MakeFace, embedding: Callable[[int], Vector]
) -> None:
    galleries = [open_milvus(sqlite_url) for _ in range(3)]

    def work(place: int) -> list[str]:
        kept = []
        for turn in range(5):
            mine, other = galleries[place], galleries[(place + 1) % 3]
            seed = 100 * place + turn
            face = mine.enrol(new(seed))
            assert other.search(_asking(embedding(seed), k=1)).matches[0].face.id == face.id
            if turn % 2:
                other.delete(face.id)
                assert mine.search(_asking(embedding(seed), k=1)).matches[:1] != [face.id]
                assert face.sequence not in _held(mine)
            else:
                kept.append(face.id)
        return kept

    with ThreadPoolExecutor(3) as threads:
        kept = {id for some in threads.map(work, range(3)) for id in some}
    found = galleries[0].search(_asking(embedding(1), k=100)).matches
    assert {match.face.id for match in found} == kept
    config = gallery_config(galleries[0])
    for gallery in galleries:
        gallery.close()
    assert verify_milvus(sqlite_url, config).problems == []


def test_whoever_is_too_far_behind_begins_anew(
    gallery: MilvusGallery, sqlite_url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.store.changes.NOTED", 10)
    monkeypatch.setattr("gallery.store.changes.FORGOTTEN", 5)
    first = gallery.enrol_many([new(n) for n in range(20)])
    gallery.follow()
    writer = Gallery(sqlite_url)
    for face in first[:18]:
        writer.delete(face.id)
    assert _names(gallery, first[19]) == {first[18].id, first[19].id}
    writer.close()
    assert _held(gallery) == {19, 20}


def _names(gallery: MilvusGallery, face: EnrolledFace) -> set[str]:
    return {match.face.id for match in gallery.search(_asking(face.embedding, k=100)).matches}


def test_a_rebuild_changes_no_answer_and_leaves_one_collection(gallery: MilvusGallery, new: MakeFace) -> None:
    faces = gallery.enrol_many([new(n) for n in range(12)])
    gallery.delete(faces[0].id)
    before = [(match.face.id, match.similarity) for match in gallery.search(_asking(faces[5].embedding)).matches]
    assert gallery.rebuild()
    assert [(m.face.id, m.similarity) for m in gallery.search(_asking(faces[5].embedding)).matches] == before
    with gallery.vectors._connected() as client:
        names = [name for name in client.list_collections() if name.startswith(gallery.vectors.alias)]
    assert len(names) == 1
    gallery.compact()
    assert gallery.faces() == 11


def test_stores_share_a_milvus_and_nothing_else(
    gallery: MilvusGallery, new_url: Callable[[], str], open_milvus: OpenMilvus, new: MakeFace
) -> None:
    other = open_milvus(new_url())
    mine, theirs = gallery.enrol(new(1)), other.enrol(new(1))
    assert _names(gallery, mine) == {mine.id}
    assert _names(other, theirs) == {theirs.id}
    other.close()


def test_verification_finds_what_does_not_agree(gallery: MilvusGallery, sqlite_url: str, new: MakeFace) -> None:
    faces = gallery.enrol_many([new(n, subject=f"s{n}", metadata={"n": n}) for n in range(10)])
    gallery.delete(faces[9].id)
    config = gallery_config(gallery)
    verdict = verify_milvus(sqlite_url, config)
    assert (verdict.problems, verdict.faces, verdict.deleted, verdict.sequence) == ([], 9, 1, 11)
    vectors = gallery.vectors
    vectors.remove([3])
    [row] = rows_of(_enrolments(sqlite_url, 4))
    row["identity"] = np.negative(row["identity"])
    vectors.put([row])
    [moved] = rows_of(_enrolments(sqlite_url, 5))
    vectors.put([moved | {"subject": moved["subject"] + 1}])
    vectors.put([moved | {"number": 10}])
    assert verify_milvus(sqlite_url, config).problems == [
        "Milvus holds faces that are deleted: 1, numbers 10",
        "Milvus lacks faces of the store, or holds them otherwise: 3, numbers 3, 4, 5",
    ]
    assert gallery.rebuild()
    assert verify_milvus(sqlite_url, config).problems == []
