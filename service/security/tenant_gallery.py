"""The gallery as one caller may see it, with every use of it in the audit log."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID, uuid5

from gallery.base_gallery import BaseGallery
from gallery.query import Query, Results
from gallery.records import Amendment, CollectionInfo, EnrolledFace, NewFace, Page, Receipt
from gallery.store.store import cursor_after
from model.errors import InvalidRequest
from service.security.audit import Action, AuditLog
from service.security.caller import Caller
from service.security.page_cursors import Cursors

_KEYED = UUID("6f0e0f5a-6f0d-4a3c-9d0b-5b7c6c1f4e62")
"""The namespace (RFC 9562) of the ids that idempotency keys lead to."""
_SAME = ("subject", "collection", "metadata")
"""What a face has in common with itself when it is sent again; its picture may be read a rounding apart."""

Numbered = TypeVar("Numbered", EnrolledFace, Receipt)


@dataclass(frozen=True)
class VisibleGallery:
    """What routes use of a gallery. Raises as the gallery does, and Forbidden for writing where the caller may not.

    For a caller who sees only some collections the others do not exist: what lies in them is not found, not counted
    and not compared. The statement that reads or changes a face itself asks for its collection, so that no face is
    moved out of sight between the two. As sequence numbers tell how much others do, such a caller gets 0 for each.
    """

    gallery: BaseGallery
    caller: Caller
    audit: AuditLog
    request: str
    """The id of the request, for the log."""

    def enrol(self, face: NewFace, key: str | None = None) -> EnrolledFace:
        """Enrol one face; with a key, once, however often the caller says it.

        Raises InvalidRequest where the key was that of another face.
        """
        self.caller.require(face.collection)
        if key is None:
            enrolled, new = self.gallery.enrol(face), True
        else:
            enrolled, new = self.gallery.enrol_once(replace(face, id=self._id_for(key)))
        if not new and any(getattr(enrolled, name) != getattr(face, name) for name in _SAME):
            raise InvalidRequest("This idempotency key came with another face before; make a new key for each face.")
        self._note(Action.ENROL, int(new), collection=face.collection)
        return self._shown(enrolled)

    def enrol_many(self, faces: Sequence[NewFace]) -> None:
        """Enrol all of these faces or, if it fails, none."""
        for collection in {face.collection for face in faces}:
            self.caller.require(collection)
        self.gallery.enrol_many(faces)
        for collection, count in Counter(face.collection for face in faces).items():
            self._note(Action.ENROL, count, collection=collection)

    def get(self, id: str) -> EnrolledFace:
        """One face. Raises NotFound."""
        face = self.gallery.get(id, self.caller.collections)
        self._note(Action.READ, 1, collection=face.collection)
        return self._shown(face)

    def crop(self, id: str) -> bytes | None:
        """The picture of one face, None where none was kept. Raises NotFound."""
        crop = self.gallery.crop(id, self.caller.collections)
        self._note(Action.READ, 1)
        return crop

    def page(
        self, *, collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """At most `limit` faces in the order of their enrolment or latest change, from where a page's cursor points."""
        if self.caller.collections is None:
            page = self.gallery.page(collection=collection, subject=subject, cursor=cursor, limit=limit)
        else:
            page = self._merged_page(self._seen(collection), subject, cursor, limit)
        self._note(Action.READ, len(page.faces), collection=collection)
        return page

    def change(self, id: str, amendment: Amendment) -> EnrolledFace:
        """Change some fields of one face; gives it as it is then. Raises NotFound."""
        if amendment.collection is not None:
            self.caller.require(amendment.collection)
        face = self.gallery.change(id, amendment, self.caller.collections)
        self._note(Action.CHANGE, 1, collection=face.collection)
        return self._shown(face)

    def delete(self, id: str) -> Receipt:
        """Delete one face. Raises NotFound."""
        receipt = self.gallery.delete(id, self.caller.collections)
        self._note(Action.ERASE, receipt.deleted)
        return self._shown(receipt)

    def delete_subject(self, subject: str, collection: str | None = None) -> Receipt:
        """Delete all faces of a subject, in one collection or in all that the caller sees."""
        receipt = self.gallery.delete_subject(subject, collection, self.caller.collections)
        self._note(Action.ERASE, receipt.deleted, collection=collection)
        return self._shown(receipt)

    def collections(self) -> list[CollectionInfo]:
        """Every collection that the caller sees and that holds a face, by name."""
        return self.gallery.collections(self.caller.collections)

    def census(self) -> dict[str, int]:
        """How many faces each model made, by its id; empty for a caller who does not see every face."""
        return self.gallery.census() if self.caller.collections is None else {}

    def recall(self) -> dict[str, float]:
        """The measured recall of each approximate index; empty where search is exact."""
        return self.gallery.recall()

    def search(self, query: Query) -> Results:
        """The faces that answer a query best, among those that the caller sees."""
        return self.search_many([query])[0]

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        """The answer to each query, all of one state of the gallery."""
        parts = [self._seen_by(query) for query in queries]
        found = iter(self.gallery.search_many([part for each in parts for part in each]))
        results = [_merged([next(found) for _ in each], query) for each, query in zip(parts, queries, strict=True)]
        self._note(Action.SEARCH, sum(len(result.matches) for result in results), queries=len(queries))
        return results

    def _seen_by(self, query: Query) -> list[Query]:
        """The queries whose answers together are what a query finds among the caller's faces."""
        if self.caller.collections is None:
            return [query]
        return [replace(query, collection=collection) for collection in self._seen(query.collection)]

    def _merged_page(self, collections: Sequence[str], subject: str | None, cursor: str | None, limit: int) -> Page:
        cursors = Cursors(self.caller.seal)
        start = None if cursor is None else cursors.open(cursor)
        pages = [
            self.gallery.page(collection=collection, subject=subject, cursor=start, limit=limit)
            for collection in collections
        ]
        faces = sorted((face for page in pages for face in page.faces), key=lambda face: face.sequence)
        listed = faces[:limit]
        more = len(faces) > limit or any(page.next_cursor for page in pages)
        return Page([self._shown(face) for face in listed], cursors.seal(cursor_after(listed[-1])) if more else None)

    def _seen(self, collection: str | None) -> list[str]:
        """The collections that a parameter means of those that the caller sees: the one that it names, or all."""
        seen = sorted(self.caller.collections or ())
        return seen if collection is None else [name for name in seen if name == collection]

    def _id_for(self, key: str) -> str:
        """The id of the face that the caller enrols with a key; no two callers have one in common."""
        return str(uuid5(_KEYED, f"{self.caller.id} {key}"))

    def _shown(self, record: Numbered) -> Numbered:
        return record if self.caller.collections is None else replace(record, sequence=0)

    def _note(self, action: Action, count: int, **facts: Any) -> None:
        self.audit.write(action, self.caller.id, count, self.request, **facts)


def _merged(parts: Sequence[Results], query: Query) -> Results:
    """The best of several answers, as one search among all their faces would give it."""
    if len(parts) == 1:
        return parts[0]
    matches = sorted((match for part in parts for match in part.matches), key=lambda m: (-m.similarity, m.face.id))
    if query.group_by == "subject":
        best = {match.face.subject: match for match in reversed(matches)}
        matches = [match for match in matches if best[match.face.subject] is match]
    return Results(matches[: query.k], sum(part.searched for part in parts))
