"""Whether the store and its Milvus collection agree, and nothing there holds what was deleted."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gallery.milvus.collection import MilvusCollection
from gallery.milvus.gallery import MilvusConfig, MilvusGallery
from gallery.milvus.rows import FLOATS, NUMBERS, VECTORS, rows_of
from gallery.records import Deletion, Enrolment
from gallery.store.store import Store
from gallery.verification import Verdict, named

_BLOCK = 4096
"""Numbers that are compared at a time."""
_FIELDS = ("number", "collection", "facts", *NUMBERS, *FLOATS, *VECTORS)


def verify_milvus(url: str, config: MilvusConfig) -> Verdict:
    """Compare every face of the database at a SQLAlchemy URL with what Milvus holds of it, bit by bit.

    The service may run meanwhile: what does not agree is looked at again once Milvus has followed. Raises Unavailable.
    """
    gallery, store = MilvusGallery(url, config), Store(url)
    try:
        gallery.follow()
        latest, faces, doubtful = store.sequence(), 0, list[int]()
        for first in range(0, latest, _BLOCK):
            there, wrong = _compared(store, gallery.vectors, first, min(first + _BLOCK, latest))
            faces, doubtful = faces + there, doubtful + wrong
        gallery.follow()
        lacking, surplus = list[int](), list[int]()
        for number in doubtful:
            if _compared(store, gallery.vectors, number - 1, number)[1]:
                (lacking if store.find([number])[1] else surplus).append(number)
        deleted = _deleted(store, latest)
        return Verdict(
            faces,
            len(deleted),
            latest,
            0,
            [
                *named("Milvus holds faces that are deleted", np.intersect1d(surplus, deleted)),
                *named("Milvus holds faces that the store does not have", np.setdiff1d(surplus, deleted)),
                *named("Milvus lacks faces of the store, or holds them otherwise", np.array(lacking, np.int64)),
            ],
        )
    finally:
        store.close()
        gallery.close()


def _compared(store: Store, vectors: MilvusCollection, after: int, last: int) -> tuple[int, list[int]]:
    """How many faces the store has in a range of numbers, and which numbers do not agree."""
    enrolled = store.enrolled(after, last, last - after)
    held = {row["number"]: row for row in vectors.rows(f"number > {after} and number <= {last}", _FIELDS)}
    expected = {row["number"]: row for row in rows_of(enrolled)}
    differing = [number for number, row in expected.items() if number not in held or not _same(row, held[number])]
    return len(enrolled), differing + sorted(held.keys() - expected.keys())


def _same(row: dict[str, Any], other: dict[str, Any]) -> bool:
    numbers = all(row[name] == other[name] for name in ("collection", *NUMBERS))
    facts = row["facts"] == sorted(int(fact) for fact in other["facts"])
    floats = all(np.float32(row[name]) == np.float32(other[name]) for name in FLOATS)
    vectors = all(np.array_equal(np.asarray(other[name], np.float32), row[name]) for name in VECTORS)
    return numbers and facts and floats and vectors


def _deleted(store: Store, latest: int) -> Sequence[int]:
    return [change.face for change in _changes(store, latest) if isinstance(change, Deletion)]


def _changes(store: Store, latest: int) -> Iterator[Enrolment | Deletion]:
    after = store.horizon()
    while changes := store.changes_since(after, _BLOCK):
        yield from (change for change in changes if change.sequence <= latest)
        after = changes[-1].sequence
