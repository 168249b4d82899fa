"""Who is enrolled: the store, and the index that follows it."""

from collections.abc import Sequence

from gallery.index import Index
from gallery.lock import ReadWriteLock
from gallery.query import Query, Results
from gallery.records import CollectionInfo, EnrolledFace, NewFace, Page
from gallery.store import Store

_BATCH = 10_000
"""Changes taken from the store at a time: about 10 MB."""


class Gallery:
    """Enrols, lists, deletes and finds faces. Any number of threads may use it at a time.

    Several galleries, in any processes, may be open on one database; each sees the writes of all. Every method raises
    Unavailable while the database does not answer.
    """

    def __init__(self, url: str) -> None:
        """Open the gallery in the database at a SQLAlchemy URL, and bring every embedding into memory."""
        self._store = Store(url)
        self._index = Index()
        self._lock = ReadWriteLock()
        self._follow()

    def close(self) -> None:
        """Close the database."""
        self._store.close()

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
        """At most `limit` faces in the order of their enrolment, from where the cursor of the page before points.

        Raises InvalidRequest.
        """
        return self._store.page(collection=collection, subject=subject, cursor=cursor, limit=limit)

    def delete(self, id: str) -> int:
        """Delete one face, which no later search finds; gives the number of the change. Raises NotFound."""
        return self._store.delete(id)

    def delete_subject(self, subject: str, collection: str | None = None) -> int:
        """Delete all faces of a subject, in one collection or in all; gives how many there were."""
        return self._store.delete_subject(subject, collection)

    def collections(self) -> list[CollectionInfo]:
        """Every collection that holds a face, by name."""
        return self._store.collections()

    def search(self, query: Query) -> Results:
        """The faces that answer a query best, among all that were enrolled before the call.

        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        while True:
            self._follow()
            with self._lock.read():
                sequence = self._index.sequence
                hits = self._index.search(query)
            found = self._store.find(hits.numbers)
            # A face deleted since the index was searched is not there; the next round is without it. Where nothing
            # changed, somebody took it out of the database by hand.
            if len(found) == len(hits.numbers) or self._store.sequence() == sequence:
                there = [found[number] for number in hits.numbers if number in found]
                return Results(query.matches(there), hits.searched)

    def _follow(self) -> None:
        """Apply the store's changes up to now."""
        if self._index.sequence == self._store.sequence():
            return
        with self._lock.write():
            while changes := self._store.changes_since(self._index.sequence, _BATCH):
                self._index.apply(changes)
