"""Who is enrolled: the store, and the index that follows it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gallery.index import Index
from gallery.keeper import Keeper
from gallery.lock import ReadWriteLock
from gallery.query import Query, Results
from gallery.records import Amendment, CollectionInfo, Deletion, EnrolledFace, NewFace, Page, Receipt
from gallery.snapshot import Snapshot
from gallery.store import Store

_BATCH = 10_000
"""Changes taken from the store at a time: about 10 MB."""
_SECONDS = 60.0
"""How often it is asked whether a snapshot is due."""
_MANY = 10_000
"""Changes, or a tenth of all faces where that is more, after which it is."""


class Gallery:
    """Enrols, lists, deletes and finds faces. Any number of threads may use it at a time.

    Several galleries, in any processes, may be open on one database; each sees the writes of all. Every method raises
    Unavailable while the database does not answer.
    """

    def __init__(self, url: str, snapshot: Path | None = None) -> None:
        """Open the gallery in the database at a SQLAlchemy URL, and bring every embedding into memory.

        `snapshot` names a file that makes this fast: it is written after many changes and when the gallery closes,
        removed before a deletion or change is acknowledged, and made anew where it is damaged. Several galleries may
        share it.
        """
        self._store = Store(url)
        self._snapshot = None if snapshot is None else Snapshot(snapshot, self._store.name())
        self._index = self._restored()
        self._lock = ReadWriteLock()
        self._follow()
        self._keeper = None if snapshot is None else Keeper(self._snapshot_is_due, self.save, _SECONDS)

    def close(self) -> None:
        """Write the snapshot and close the database."""
        if self._keeper is not None:
            self._keeper.close()
        try:
            self.save()
        finally:
            self._store.close()

    def save(self) -> None:
        """Write the snapshot, where there is to be one."""
        if self._snapshot is None:
            return
        while True:
            self._follow()
            if self._snapshot.sequence == self._index.sequence:
                return
            with self._snapshot.locked(), self._lock.read():
                # Nobody deletes a face while the snapshot is locked, but somebody may have before.
                if not self._store.erased_since(self._index.sequence):
                    self._snapshot.save(self._index)
                    return

    def enrol(self, face: NewFace) -> EnrolledFace:
        """Enrol one face; once this returns, it survives a crash."""
        return self._store.add(face)

    def enrol_many(self, faces: Sequence[NewFace]) -> list[EnrolledFace]:
        """Enrol all of these faces or, if it fails, none."""
        return self._store.add_many(faces)

    def get(self, id: str) -> EnrolledFace:
        """One face. Raises NotFound."""
        return self._store.get(id)

    def crop(self, id: str) -> bytes | None:
        """The picture of one face, None where none was kept. Raises NotFound."""
        return self._store.crop(id)

    def page(
        self, *, collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """At most `limit` faces in the order of their enrolment or latest change, from where a page's cursor points.

        Raises InvalidRequest.
        """
        return self._store.page(collection=collection, subject=subject, cursor=cursor, limit=limit)

    def change(self, id: str, amendment: Amendment) -> EnrolledFace:
        """Change some fields of one face, which goes to the end of the order; gives it as it is then.

        Raises NotFound.
        """
        with self._without_snapshot():
            return self._store.change(id, amendment)

    def delete(self, id: str) -> Receipt:
        """Delete one face, which nothing gives any more from now on. Raises NotFound."""
        with self._without_snapshot():
            return self._store.delete(id)

    def delete_subject(self, subject: str, collection: str | None = None) -> Receipt:
        """Delete all faces of a subject, in one collection or in all, also where there are none."""
        with self._without_snapshot():
            return self._store.delete_subject(subject, collection)

    def collections(self) -> list[CollectionInfo]:
        """Every collection that holds a face, by name."""
        return self._store.collections()

    def census(self) -> dict[str, int]:
        """How many faces each model made, by its id; no search compares those of two."""
        self._follow()
        with self._lock.read():
            return self._index.census()

    def outdated(self, model: str, limit: int) -> list[tuple[str, bytes]]:
        """The first `limit` faces of other models whose picture was kept: the id and the picture of each."""
        return self._store.outdated(model, limit)

    def search(self, query: Query) -> Results:
        """The faces that answer a query best, among all that were enrolled before the call.

        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        return self.search_many([query])[0]

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        """The answer to each query, all of one state of the gallery. Raises as `search` does."""
        while True:
            self._follow()
            with self._lock.read():
                sequence = self._index.sequence
                hits = [self._index.search(query) for query in queries]
            wanted = {number for hit in hits for number in hit.numbers}
            found = self._store.find(sorted(wanted))
            # A face deleted since the index was searched is not there; the next round is without it. Where nothing
            # changed, somebody took it out of the database by hand.
            if len(found) == len(wanted) or self._store.sequence() == sequence:
                return [
                    Results(query.matches([found[number] for number in hit.numbers if number in found]), hit.searched)
                    for query, hit in zip(queries, hits, strict=True)
                ]

    def _follow(self) -> None:
        """Apply the store's changes up to now."""
        if self._index.sequence == self._store.sequence():
            return
        erased = False
        with self._lock.write():
            while changes := self._store.changes_since(self._index.sequence, _BATCH):
                self._index.apply(changes)
                erased = erased or any(isinstance(change, Deletion) for change in changes)
        if erased:
            # Another process deleted them, or this one was stopped while it did.
            with self._without_snapshot():
                pass

    def _snapshot_is_due(self) -> bool:
        assert self._snapshot is not None
        changes = self._index.sequence - (self._snapshot.sequence or 0)
        return changes >= max(_MANY, len(self._index) // 10)

    def _restored(self) -> Index:
        """The index in the snapshot, or an empty one."""
        if self._snapshot is None:
            return Index()
        with self._snapshot.locked():
            return self._snapshot.load(self._store.sequence()) or Index()

    @contextmanager
    def _without_snapshot(self) -> Iterator[None]:
        """Remove the snapshot after what happens inside; nobody writes one meanwhile."""
        if self._snapshot is None:
            yield
            return
        with self._snapshot.locked():
            yield
            self._snapshot.drop()
