"""Whether the store, the index and the snapshot agree, and nothing holds what was deleted."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.index.faiss_library import Numbers
from gallery.index.index import Index, IndexConfig
from gallery.loading import Loader
from gallery.records import Change, Deletion, Enrolment
from gallery.store.block_keys import block_of
from gallery.store.store import Store

_BATCH = 10_000
_MOST = 20
"""Faces of one kind of problem that are named."""


@dataclass(frozen=True)
class Verdict:
    """What a verification found."""

    faces: int
    deleted: int
    """How many faces were deleted or changed, as far back as the store notes it."""
    sequence: int
    """The number of the latest change that was looked at."""
    snapshot: int
    """How many faces the snapshot holds that can be read."""
    problems: list[str]


def verify(url: str, snapshot: Path) -> Verdict:
    """Compare every face of the database at a SQLAlchemy URL with an index made as the service makes it.

    The service may run meanwhile: what it changes after the verification began does not count.
    """
    store = Store(url)
    try:
        loader = Loader(store, snapshot)
        index = loader.index(IndexConfig())
        numbers, latest = index.view.numbers(), index.view.sequence
        kept = _in_blocks(numbers, loader.kept)
        deleted, problems = _compare(store, index, latest)
        problems += named("the snapshot holds faces that are deleted", np.intersect1d(kept, deleted))
        return Verdict(len(index), len(deleted), latest, len(kept), problems)
    finally:
        store.close()


def _in_blocks(numbers: Numbers, blocks: Collection[int]) -> Numbers:
    return numbers[np.isin(block_of(numbers), list(blocks))]


def _changes(store: Store, after: int, latest: int) -> Iterator[list[Change]]:
    while changes := [change for change in store.changes_since(after, _BATCH) if change.sequence <= latest]:
        yield changes
        after = changes[-1].sequence


def _all_changes(store: Store, latest: int) -> Iterator[Sequence[Change]]:
    """Every face that is there, and the deletions that are noted."""
    horizon, after = store.horizon(), 0
    while enrolments := store.enrolled(after, horizon, _BATCH):
        yield enrolments
        after = enrolments[-1].sequence
    yield from _changes(store, horizon, latest)


def _compare(store: Store, index: Index, latest: int) -> tuple[list[int], list[str]]:
    """The numbers of all deleted faces, and what is wrong."""
    enrolled, deleted, differing = list[int](), list[int](), list[int]()
    for changes in _all_changes(store, latest):
        enrolments = [change for change in changes if isinstance(change, Enrolment)]
        enrolled += [enrolment.sequence for enrolment in enrolments]
        deleted += [change.face for change in changes if isinstance(change, Deletion)]
        differing += index.differing(enrolments)
    since = [change.face for changes in _changes(store, latest, store.sequence()) for change in changes
             if isinstance(change, Deletion)]  # fmt: skip
    here = index.view.numbers()
    surplus = np.setdiff1d(here, [*enrolled, *since])
    return deleted, [
        *named("the store holds faces that it notes as deleted", np.intersect1d(enrolled, deleted)),
        *named("the index holds faces that are deleted", np.intersect1d(here, deleted)),
        *named("the index holds faces that the store does not have", np.setdiff1d(surplus, deleted)),
        *named("the index lacks faces of the store, or holds them otherwise", np.array(differing, np.int64)),
    ]


def named(what: str, numbers: Numbers) -> list[str]:
    """A problem with the numbers of the faces that have it, the first of them; nothing where none has."""
    if not len(numbers):
        return []
    named = ", ".join(map(str, numbers[:_MOST].tolist()))
    return [f"{what}: {len(numbers)}, numbers {named}{', ...' if len(numbers) > _MOST else ''}"]
