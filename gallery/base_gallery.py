"""What every gallery does, wherever it searches."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from gallery.jobs.job_store import JobStore
from gallery.query import Query, Results
from gallery.records import Amendment, CollectionInfo, EnrolledFace, KeptPicture, NewFace, Page, Receipt
from gallery.store.database import Database
from gallery.store.store import Seen, Store


class BaseGallery(ABC):
    """Enrols, lists and deletes faces, and has somebody find them. Any number of threads may use it at a time.

    Several galleries, in any processes, may be open on one database; each sees the writes of all. Every method raises
    Unavailable while the database does not answer.
    """

    def __init__(self, url: str) -> None:
        """Open the gallery in the database at a SQLAlchemy URL."""
        self._store = Store(url)
        self.jobs = JobStore(self._store.database)
        """What is done at length on this gallery."""

    @property
    def database(self) -> Database:
        """The database that it is in."""
        return self._store.database

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def sequence(self) -> int:
        """The number of the latest change; 0 before the first."""
        return self._store.sequence()

    def enrol(self, face: NewFace) -> EnrolledFace:
        """Enrol one face; once this returns, it survives a crash."""
        return self._store.add(face)

    def enrol_many(self, faces: Sequence[NewFace]) -> list[EnrolledFace]:
        """Enrol all of these faces or, if it fails, none."""
        return self._store.add_many(faces)

    def enrol_once(self, face: NewFace) -> tuple[EnrolledFace, bool]:
        """The face that has the id of a new one, which is enrolled if there was none; and whether it was."""
        return self._store.add_once(face)

    def enrol_unknown(self, faces: Sequence[NewFace]) -> int:
        """Enrol those of these faces whose id no face has; gives how many. All of them or, if it fails, none."""
        return self._store.add_unknown(faces)

    def exported(self, collection: str) -> Iterator[list[NewFace]]:
        """Every face of a collection as it can be enrolled elsewhere, some at a time, all of one moment."""
        return self._store.exported(collection)

    def get(self, id: str, seen: Seen = None) -> EnrolledFace:
        """One face of the collections that are seen. Raises NotFound, the same for one in others as for none."""
        return self._store.get(id, seen)

    def crop(self, id: str, seen: Seen = None) -> bytes | None:
        """The picture of one face of the collections that are seen, None where none was kept. Raises NotFound."""
        return self._store.crop(id, seen)

    def page(
        self, *, collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """At most `limit` faces in the order of their enrolment or latest change, from where a page's cursor points.

        Raises InvalidRequest.
        """
        return self._store.page(collection=collection, subject=subject, cursor=cursor, limit=limit)

    def change(self, id: str, amendment: Amendment, seen: Seen = None) -> EnrolledFace:
        """Change some fields of one face of the collections that are seen, which goes to the end of the order.

        Gives it as it is then. Raises NotFound.
        """
        return self._store.change(id, amendment, seen)

    def change_many(self, amendments: Mapping[str, Amendment]) -> list[EnrolledFace]:
        """Change some fields of each of these faces by id; gives those that are there as they are then.

        All of them or, if it fails, none.
        """
        return self._store.change_many(amendments)

    def delete(self, id: str, seen: Seen = None) -> Receipt:
        """Delete one face of the collections that are seen, which nothing gives any more. Raises NotFound."""
        return self._store.delete(id, seen)

    def delete_subject(self, subject: str, collection: str | None = None, seen: Seen = None) -> Receipt:
        """Delete all faces of a subject in the collections that are seen, or in one of them, also where there are none.

        All of them or, if it fails, none.
        """
        return self._store.delete_subject(subject, collection, seen)

    def collections(self, seen: Seen = None) -> list[CollectionInfo]:
        """Every collection that is seen and holds a face, by name."""
        return self._store.collections(seen)

    def outdated(self, model: str, limit: int, *, collection: str | None = None, after: int = 0) -> list[KeptPicture]:
        """The first `limit` faces of other models whose picture was kept, of those with a number above `after`."""
        return self._store.outdated(model, limit, collection=collection, after=after)

    def count_outdated(self, model: str, collection: str, after: int) -> int:
        """How many faces `outdated` gives without a limit."""
        return self._store.count_outdated(model, collection, after)

    @abstractmethod
    def census(self) -> dict[str, int]:
        """How many faces each model made, by its id; no search compares those of two."""

    def recall(self) -> dict[str, float]:
        """The measured recall@10 of each approximate index, by attribute; empty where search is exact.

        It tells of this process alone: empty too where others search.
        """
        return {}

    def search(self, query: Query) -> Results:
        """The faces that answer a query best, among all that were enrolled before the call.

        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        return self.search_many([query])[0]

    @abstractmethod
    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        """The answer to each query, all of one state of the gallery. Raises as `search` does."""
