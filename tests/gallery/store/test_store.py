"""The store keeps what it acknowledged, in order, and forgets what it shall."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from gallery.gallery import Gallery
from gallery.query import Query, Term
from gallery.records import Amendment, CollectionInfo, Deletion, Enrolment, NewFace
from gallery.store import changes
from gallery.store.changes import Forgotten
from gallery.store.store import Store
from gallery.store.tables import deletions
from model.attributes import Attribute, part
from model.errors import InvalidRequest, NotFound

MakeFace = Callable[..., NewFace]


def test_a_face_comes_back_bit_by_bit_also_after_a_restart(store: Store, url: str, new: MakeFace) -> None:
    given = new(1, metadata={"a": [1, None, "é", {"b": 1.5}]}, quality=0.25, crop=b"\0png", collection="c")
    added = store.add(given)
    again = Store(url)
    for face in (added, store.get(added.id), again.get(added.id)):
        assert (face.subject, face.collection, face.model) == ("ada", "c", "m1")
        assert face.embedding.tobytes() == given.embedding.tobytes()
        assert not face.embedding.flags.writeable
        assert (face.metadata, face.quality) == (given.metadata, 0.25)
        assert (face.id, face.sequence, face.created) == (added.id, 1, added.created)
    assert abs(datetime.now(UTC) - added.created) < timedelta(seconds=10)
    assert again.crop(added.id) == b"\0png"
    assert again.crop(again.add(new(2)).id) is None
    assert store.sequence() == 2
    again.close()


@pytest.mark.parametrize("id", ["", "x", "\ud800", "\0", "0197f0d4-0000-7000-8000-000000000000", "-" * 36])
def test_an_unknown_id_is_not_found(store: Store, id: str) -> None:
    for ask in (store.get, store.crop, store.delete):
        with pytest.raises(NotFound) as refused:
            ask(id)
        assert refused.value.details == {"id": id}
    assert store.sequence() == 0


def test_pages_cover_everything_once_in_order(store: Store, new: MakeFace) -> None:
    added = store.add_many([new(n, subject=f"s{n % 3}", collection=f"c{n % 2}") for n in range(25)])

    def turned(limit: int, **filters: str) -> list[str]:
        ids, cursor = list[str](), None
        while True:
            page = store.page(cursor=cursor, limit=limit, **filters)
            assert len(page.faces) <= limit
            ids += [face.id for face in page.faces]
            cursor = page.next_cursor
            if cursor is None:
                return ids

    for limit in (1, 4, 5, 25, 1000):
        assert turned(limit) == [face.id for face in added]
    assert turned(2, subject="s1") == [face.id for face in added if face.subject == "s1"]
    both = [face.id for face in added if (face.subject, face.collection) == ("s2", "c1")]
    assert turned(3, subject="s2", collection="c1") == both != []
    assert turned(3, collection="none") == []


def test_a_cursor_survives_the_deletion_of_its_face(store: Store, new: MakeFace) -> None:
    added = store.add_many([new(n) for n in range(4)])
    first = store.page(limit=2)
    store.delete(added[1].id)
    assert [face.id for face in store.page(cursor=first.next_cursor).faces] == [added[2].id, added[3].id]


@pytest.mark.parametrize("cursor", ["", "x", "f" * 16, "0" * 15, "0" * 17, "٠" * 16, "0" * 15 + "\n", "\ud800"])
def test_a_foreign_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor is none that a page of faces gave"):
        store.page(cursor=cursor)


def test_page_arguments_have_limits(store: Store) -> None:
    for limit in (0, 1001):
        with pytest.raises(InvalidRequest, match=f"limit must be 1 to 1000, not {limit}"):
            store.page(limit=limit)
    with pytest.raises(InvalidRequest, match="subject"):
        store.page(subject="\ud800")
    with pytest.raises(InvalidRequest, match="collection"):
        store.page(collection="a/b")


def test_changes_are_read_in_order_from_anywhere(store: Store, new: MakeFace) -> None:
    a, b, c = store.add_many([new(n) for n in range(3)])
    assert store.delete(b.id).sequence == 4
    d = store.add(new(3))
    assert store.delete_subject("ada").deleted == 3
    e = store.add(new(4, quality=0.5))
    assert (d.sequence, e.sequence, store.sequence()) == (5, 9, 9)
    noted = store.changes_since(0, 100)
    deleted = [Deletion(4, 2), Deletion(6, 1), Deletion(7, 3), Deletion(8, 5)]
    assert [change for change in noted if isinstance(change, Deletion)] == deleted
    assert [change.id for change in noted if isinstance(change, Enrolment)] == [e.id]
    assert [change.sequence for change in noted] == [4, 6, 7, 8, 9]
    assert [change.sequence for change in store.changes_since(6, 2)] == [7, 8]
    assert store.changes_since(9, 5) == []
    (last,) = store.changes_since(8, 5)
    assert isinstance(last, Enrolment)
    assert last.embedding.tobytes() == e.embedding.tobytes()
    assert last.quality == 0.5
    assert (a.sequence, c.sequence) == (1, 3)


def test_deletions_are_noted_as_long_as_somebody_follows(
    store: Store, url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "NOTED", 20)
    monkeypatch.setattr(changes, "FORGOTTEN", 10)
    kept = store.add_many([new(n) for n in range(3)])
    behind = Gallery(url)
    for n in range(30):
        store.delete(store.add(new(n)).id)
    # 63 changes: those up to 40 are forgotten, by tens, once there are 30 more than the horizon.
    assert (store.sequence(), store.horizon()) == (63, 40)
    with store.database.transaction() as connection:
        assert connection.execute(select(func.count()).select_from(deletions)).scalar_one() == 12
    assert [change.sequence for change in store.changes_since(40, 3)] == [41, 43, 45]
    with pytest.raises(Forgotten):
        store.changes_since(39, 3)
    # Who is further behind begins anew.
    query = Query((Term(Attribute.STYLE, part(kept[1].embedding, Attribute.STYLE)),), 50)
    later = store.add(new(70))
    assert {match.face.id for match in behind.search(query).matches} == {face.id for face in (*kept, later)}
    assert behind._index.view.sequence == 64
    behind.close()


def test_a_changed_face_gets_a_new_number_and_keeps_the_rest(store: Store, new: MakeFace) -> None:
    given = new(1, metadata={"a": 1}, quality=0.5, crop=b"png")
    first, second = store.add_many([given, new(2)])
    changed = store.change(first.id, Amendment(subject="bob", metadata={"b": 2}))
    assert (changed.id, changed.sequence, store.sequence()) == (first.id, 4, 4)
    assert (changed.subject, changed.collection, changed.metadata) == ("bob", "default", {"b": 2})
    assert (changed.quality, changed.created, changed.model) == (0.5, first.created, "m1")
    assert changed.embedding.tobytes() == given.embedding.tobytes()
    assert store.crop(first.id) == b"png"
    assert [face.id for face in store.page().faces] == [second.id, first.id]
    enrolled, gone, moved = store.changes_since(0, 10)
    assert (enrolled.sequence, gone, moved.sequence) == (2, Deletion(3, 1), 4)
    assert isinstance(moved, Enrolment)
    assert (moved.id, moved.subject, moved.metadata) == (first.id, "bob", {"b": 2})
    assert store.change(first.id, Amendment(collection="c")).sequence == 6
    assert store.delete(first.id).sequence == 7


@pytest.mark.parametrize("id", ["", "\ud800", "0197f0d4-0000-7000-8000-000000000000"])
def test_an_unknown_face_cannot_be_changed(store: Store, id: str) -> None:
    with pytest.raises(NotFound):
        store.change(id, Amendment(subject="bob"))
    assert store.sequence() == 0


def test_a_subject_is_deleted_from_one_collection_or_all(store: Store, new: MakeFace) -> None:
    store.add_many([new(n, subject=f"s{n % 2}", collection=f"c{n % 3}") for n in range(12)])
    first, second = store.delete_subject("s0", "c1"), store.delete_subject("s0")
    assert [(gone.deleted, gone.sequence) for gone in (first, second)] == [(2, 14), (4, 18)]
    assert timedelta(0) <= second.at - first.at < timedelta(seconds=10)
    assert store.delete_subject("s0").deleted == store.delete_subject("nobody", "c1").deleted == 0
    assert store.collections() == [CollectionInfo(f"c{n}", 2, 1) for n in range(3)]
    assert store.sequence() == 18


def test_a_list_of_collections_reads_an_index_alone_and_of_that_only_what_is_seen(
    store: Store, url: str, new: MakeFace
) -> None:
    store.add_many([new(n, subject=f"s{n % 2}", collection=f"c{n % 3}") for n in range(12)])
    assert store.collections([]) == []
    asked = list[tuple[str, Any]]()
    # The statement and its parameters are the third and the fourth argument.
    event.listen(store.database._engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    assert store.collections(["c2", "c0", "none"]) == [CollectionInfo("c0", 4, 2), CollectionInfo("c2", 4, 2)]
    assert [info.name for info in store.collections()] == ["c0", "c1", "c2"]
    lists, sqlite = list(asked), url.startswith("sqlite")
    with store.database._engine.connect() as connection:
        if not sqlite:
            # Of a table this small the server would rather read all.
            connection.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plans = [str(connection.exec_driver_sql(f"{explain} {text}", given).all()) for text, given in lists]
    reads = "USING COVERING INDEX" if sqlite else "Index Only Scan using"
    assert all(f"{reads} faces_by_collection_and_subject" in plan for plan in plans), plans
    assert "(collection=?)" in plans[0] if sqlite else "Index Cond" in plans[0], plans


@pytest.mark.parametrize("seen", [["c0"], [], None])
def test_a_face_elsewhere_is_as_one_that_is_not_there(store: Store, new: MakeFace, seen: list[str] | None) -> None:
    face = store.add(new(1, collection="c1", crop=b"png"))
    if seen is None:
        assert store.get(face.id, seen).id == store.get(face.id, ["c0", "c1"]).id == face.id
        return
    asks = [
        lambda: store.get(face.id, seen),
        lambda: store.crop(face.id, seen),
        lambda: store.change(face.id, Amendment(subject="eve"), seen),
        lambda: store.delete(face.id, seen),
    ]
    for ask in asks:
        with pytest.raises(NotFound) as refused:
            ask()
        assert refused.value.details == {"id": face.id}
    assert store.delete_subject("ada", None, seen).deleted == store.delete_subject("ada", "c1", seen).deleted == 0
    assert (store.sequence(), store.get(face.id).subject) == (1, "ada")
    assert store.delete_subject("ada", None, ["c1", "c2"]).deleted == 1


def test_many_are_enrolled_together_or_not_at_all(store: Store, new: MakeFace) -> None:
    broken = new(1)
    object.__setattr__(broken, "metadata", {"a": object()})
    with pytest.raises(Exception, match="not JSON serializable"):
        store.add_many([new(0), broken])
    assert store.add_many([]) == []
    assert (store.page().faces, store.sequence()) == ([], 0)


def test_found_faces_are_those_that_are_there(store: Store, new: MakeFace) -> None:
    fields = {"metadata": {"a": [1, 'é"],[', None]}, "quality": 0.5, "collection": "c"}
    added = store.add_many([new(n, **fields) for n in range(1200)])
    store.delete(added[0].id)
    latest, found = store.find([face.sequence for face in added])
    assert latest == store.sequence()
    assert list(found) == [face.sequence for face in added[1:]]
    for number, face in list(found.items())[::100]:
        stored = store.get(face.id)
        assert (number, face.embedding.tobytes()) == (stored.sequence, stored.embedding.tobytes())
        assert replace(face, embedding=stored.embedding).__dict__ == stored.__dict__
    assert store.find([]) == (latest, {})
