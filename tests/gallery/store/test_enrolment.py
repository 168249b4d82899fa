"""Many who enrol at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gallery.records import EnrolledFace, NewFace
from gallery.store.enrolment import insert_each
from gallery.store.store import Store

MakeFace = Callable[..., NewFace]
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
THREADS = 24


def test_all_who_enrol_at_a_time_are_enrolled(store: Store, new: MakeFace) -> None:
    """Each waits for those before it, and none in vain: one behind another SQLite lets whoever comes by go first."""
    together = Barrier(THREADS)

    def enrol(thread: int) -> list[EnrolledFace]:
        together.wait(10.0)
        return [store.add(new(8 * thread + number, subject=f"{thread}-{number}")) for number in range(8)]

    with ThreadPoolExecutor(THREADS) as threads:
        enrolled = [face for some in threads.map(enrol, range(THREADS)) for face in some]
    assert sorted(face.sequence for face in enrolled) == [*range(1, 8 * THREADS + 1)]
    latest, found = store.find({face.sequence for face in enrolled})
    assert latest == 8 * THREADS
    assert {face.id: face.subject for face in found.values()} == {face.id: face.subject for face in enrolled}


def test_of_many_with_one_id_one_is_enrolled(store: Store, new: MakeFace) -> None:
    together = Barrier(THREADS)

    def enrol(seed: int) -> tuple[EnrolledFace, bool]:
        together.wait(10.0)
        return store.add_once(new(seed, subject=str(seed), id=ID))

    with ThreadPoolExecutor(THREADS) as threads:
        given = [*threads.map(enrol, range(THREADS))]
    assert sum(enrolled for _, enrolled in given) == 1
    [first] = [face for face, enrolled in given if enrolled]
    assert {face.subject for face, _ in given} == {first.subject}
    assert [face.id for face in store.page().faces] == [ID]


def test_each_of_some_is_enrolled_or_found(store: Store, new: MakeFace) -> None:
    other = ID.replace("8057", "8058")
    before = store.add(new(0, subject="before", id=ID))
    asked = [
        (new(1, subject="a"), False),
        (new(2, subject="b", id=ID), True),
        (new(3, subject="c", id=other), True),
        (new(4, subject="d", id=other), True),
        (new(5, subject="e"), False),
    ]
    with store.database.transaction() as connection:
        given = insert_each(connection, asked)
    assert [(face.subject, face.sequence, enrolled) for face, enrolled in given] == [
        ("a", 2, True),
        ("before", before.sequence, False),
        ("c", 3, True),
        ("c", 3, False),
        ("e", 4, True),
    ]


def test_an_id_that_is_there_fails_alone(store: Store, new: MakeFace) -> None:
    store.add(new(0, id=ID))
    together = Barrier(8)

    def enrol(number: int) -> EnrolledFace:
        together.wait(10.0)
        return store.add(new(number, id=ID if number == 3 else None))

    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(enrol, number) for number in range(8)]
    assert [call.exception() is not None for call in calls] == [number == 3 for number in range(8)]
    with pytest.raises(Exception, match=r"(?i)unique"):
        calls[3].result()
    assert len(store.page().faces) == 8
