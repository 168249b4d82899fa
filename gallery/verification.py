"""Whether the store, the index and the snapshot agree, and nothing holds what was deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.index.index import Index
from gallery.index.snapshot import Snapshot
from gallery.records import Change, Deletion, Enrolment
from gallery.store.store import Store

_BATCH = 10_000
_MOST = 20
"""Faces of one kind of problem that are named."""


@dataclass(frozen=True)
class Verdict:
    """What a verification found."""

    faces: int
    deleted: int
    """How many faces were deleted or changed since the store began."""
    sequence: int
    """The number of the latest change that was looked at."""
    snapshot: int | None
    """The number of the latest change in the snapshot, None where there is none that can be used."""
    problems: list[str]


def verify(url: str, snapshot: Path) -> Verdict:
    """Compare every face of the database at a SQLAlchemy URL with an index made as the service makes it.

    The service may run meanwhile: what it changes after the verification began does not count.
    """
    store = Store(url)
    try:
        latest = store.sequence()
        file = Snapshot(snapshot, store.name())
        with file.locked():
            loaded = file.load(latest)
        kept = None if loaded is None else (loaded.sequence, loaded.numbers.copy())
        index = loaded or Index()
        _follow(store, index, latest)
        deleted, problems = _compare(store, index, latest)
        if kept is not None:
            # The service removes a snapshot that holds a deleted face before it acknowledges the deletion.
            problems += _named("the snapshot holds faces that are deleted", np.intersect1d(kept[1], deleted))
        return Verdict(len(index), len(deleted), latest, kept[0] if kept else None, problems)
    finally:
        store.close()


def _changes(store: Store, after: int, latest: int) -> Iterator[list[Change]]:
    while changes := [change for change in store.changes_since(after, _BATCH) if change.sequence <= latest]:
        yield changes
        after = changes[-1].sequence


def _follow(store: Store, index: Index, latest: int) -> None:
    for changes in _changes(store, index.sequence, latest):
        index.apply(changes)


def _compare(store: Store, index: Index, latest: int) -> tuple[list[int], list[str]]:
    """The numbers of all deleted faces, and what is wrong."""
    enrolled, deleted, differing = list[int](), list[int](), list[int]()
    for changes in _changes(store, 0, latest):
        enrolments = [change for change in changes if isinstance(change, Enrolment)]
        enrolled += [enrolment.sequence for enrolment in enrolments]
        deleted += [change.face for change in changes if isinstance(change, Deletion)]
        differing += index.differing(enrolments)
    since = [change.face for changes in _changes(store, latest, store.sequence()) for change in changes
             if isinstance(change, Deletion)]  # fmt: skip
    surplus = np.setdiff1d(index.numbers, [*enrolled, *since])
    return deleted, [
        *_named("the store holds faces that it notes as deleted", np.intersect1d(enrolled, deleted)),
        *_named("the index holds faces that are deleted", np.intersect1d(index.numbers, deleted)),
        *_named("the index holds faces that the store does not have", np.setdiff1d(surplus, deleted)),
        *_named("the index lacks faces of the store, or holds them otherwise", np.array(differing, np.int64)),
    ]


def _named(what: str, numbers: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[str]:
    if not len(numbers):
        return []
    named = ", ".join(map(str, numbers[:_MOST].tolist()))
    return [f"{what}: {len(numbers)}, numbers {named}{', ...' if len(numbers) > _MOST else ''}"]
