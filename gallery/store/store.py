"""The durable truth: every enrolled face, and the sequence of all changes."""

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, delete, distinct, func, literal, select

from gallery.concurrency.grouped_writes import GroupedWrites, Turns
from gallery.limits import MAX_PAGE, check_collection, check_limit, check_subject, is_id
from gallery.records import (
    Amendment,
    Change,
    CollectionInfo,
    EnrolledFace,
    Enrolment,
    KeptPicture,
    NewFace,
    Page,
    Receipt,
)
from gallery.store import block_keys, changes
from gallery.store.database import Database
from gallery.store.enrolment import insert_each, insert_faces, insert_unknown
from gallery.store.face_lookup import find
from gallery.store.rows import FACE, face_of, moment, new_face_of
from gallery.store.tables import counter, faces, failures, jobs
from gallery.store.time_limit import WORK_SECONDS, present_limit
from model.errors import InvalidRequest, NotFound

Seen = Collection[str] | None
"""The collections that there are for a caller; None for all. What lies in others is as if it were not there."""

_CURSOR = re.compile(r"[0-7][0-9a-f]{15}")
TOGETHER = 100
"""Single faces at most that one transaction enrols."""
_EXPORTED = 1000
"""Faces of an export that are in memory at a time."""


class Store:
    """Enrolled faces in a database that any number of threads and processes may use at a time.

    One writes at a time: threads in the order in which they asked, single faces that wait in one transaction together.
    Every method raises Unavailable while the database does not answer.
    """

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and bring its tables to their present form.

        Raises InvalidRequest for a URL that names no database that can be used.
        """
        self.database = Database(url)
        self._transaction = self.database.transaction
        self._turns = Turns()
        self._enrol = GroupedWrites(self._add_each, self._turns, TOGETHER)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def add(self, face: NewFace) -> EnrolledFace:
        """Enrol one face; once this returns, it survives a crash."""
        return self._enrol((face, False), present_limit())[0]

    def add_many(self, new: Sequence[NewFace]) -> list[EnrolledFace]:
        """Enrol all of these faces or, if it fails, none."""
        with self._writing() as connection:
            return [face_of(row) for row in insert_faces(connection, new)]

    def add_once(self, face: NewFace) -> tuple[EnrolledFace, bool]:
        """The face that has the id of a new one, after that was enrolled if there was none; and whether it was."""
        return self._enrol((face, True), present_limit())

    def add_unknown(self, new: Sequence[NewFace]) -> int:
        """Enrol those of these faces whose id, or content in the same collection, no other has; gives how many."""
        with self._writing() as connection:
            return insert_unknown(connection, new)

    def exported(self, collection: str) -> Iterator[list[NewFace]]:
        """Every face of a collection as it can be enrolled elsewhere, some at a time, all of one moment."""
        # One statement sees one state of the database, however long it takes.
        query = select(faces).where(*_within(collection, None)).order_by(faces.c.sequence)
        with self._transaction(None) as connection:
            found = connection.execution_options(yield_per=_EXPORTED).execute(query)
            for some in found.mappings().partitions():
                yield [new_face_of(row) for row in some]

    def get(self, id: str, seen: Seen = None) -> EnrolledFace:
        """One face of the collections that are seen. Raises NotFound."""
        return face_of(self._one(id, seen, *FACE)._mapping)

    def crop(self, id: str, seen: Seen = None) -> bytes | None:
        """The picture of one face of the collections that are seen, None where none was kept. Raises NotFound."""
        crop: bytes | None = self._one(id, seen, faces.c.crop).crop
        return crop

    def outdated(self, model: str, limit: int, *, collection: str | None = None, after: int = 0) -> list[KeptPicture]:
        """The first `limit` faces of other models whose picture was kept, of those with a number above `after`."""
        query = select(faces.c.sequence, faces.c.id, faces.c.subject, faces.c.crop)
        query = query.where(*_outdated(model, collection, after)).order_by(faces.c.sequence).limit(limit)
        with self._transaction() as connection:
            return [KeptPicture(*row) for row in connection.execute(query)]

    def count_outdated(self, model: str, collection: str, after: int) -> int:
        """How many faces `outdated` gives without a limit."""
        with self._transaction() as connection:
            found = connection.execute(select(func.count()).where(*_outdated(model, collection, after)))
            return int(found.scalar_one())

    def find(self, numbers: Collection[int]) -> tuple[int, dict[int, EnrolledFace]]:
        """The number of the latest change, and the faces with these numbers that are not gone, by number."""
        return find(self.database, numbers)

    def page(
        self, *, collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """At most `limit` faces in the order of their enrolment or latest change, from where a page's cursor points.

        A face enrolled or changed while somebody turns pages is on the last of them. Raises InvalidRequest.
        """
        check_limit("limit", limit, MAX_PAGE)
        query = select(*FACE).where(*_within(collection, subject))
        if cursor is not None:
            if not _CURSOR.fullmatch(cursor):
                raise InvalidRequest("cursor is none that a page of faces gave; leave it out to start at the first")
            query = query.where(faces.c.sequence > int(cursor, 16))
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(faces.c.sequence).limit(limit + 1)).all()
        listed = [face_of(row._mapping) for row in rows[:limit]]
        return Page(listed, cursor_after(listed[-1]) if len(rows) > limit else None)

    def collections(self, seen: Seen = None) -> list[CollectionInfo]:
        """Every collection that is seen and holds a face, by name."""
        name = faces.c.collection
        query = select(name, func.count(), func.count(distinct(faces.c.subject))).where(*_in(seen))
        query = query.group_by(name).order_by(name)
        with self._transaction(WORK_SECONDS) as connection:
            return [CollectionInfo(*row) for row in connection.execute(query)]

    def change(self, id: str, amendment: Amendment, seen: Seen = None) -> EnrolledFace:
        """Change some fields of one face of the collections that are seen, which gets a new number.

        Gives the face as it is now. Raises NotFound.
        """
        changed = self._change({id: amendment}, seen)
        if not changed:
            raise _no_face(id)
        return changed[0]

    def change_many(self, amendments: Mapping[str, Amendment]) -> list[EnrolledFace]:
        """Change some fields of each of these faces by id, as `change`; gives those that are there as they are now.

        All of them or, if it fails, none.
        """
        return self._change(amendments, None)

    def delete(self, id: str, seen: Seen = None) -> Receipt:
        """Delete one face of the collections that are seen. Raises NotFound."""
        receipt = self._erase(*_named(id, seen))
        if not receipt.deleted:
            raise _no_face(id)
        return receipt

    def delete_subject(self, subject: str, collection: str | None = None, seen: Seen = None) -> Receipt:
        """Delete all faces of a subject in the collections that are seen, or in one of them, also where there are none.

        What a job notes of files of the subject that it could not enrol goes too.
        """
        which = _within(collection, subject) + _in(seen)
        mine = select(jobs.c.id)
        if collection is not None:
            mine = mine.where(jobs.c.collection == collection)
        if seen is not None:
            mine = mine.where(jobs.c.collection.in_(seen))
        return self._erase(*which, noted=[failures.c.subject == subject, failures.c.job.in_(mine)])

    def sequence(self) -> int:
        """The number of the latest change; 0 before the first."""
        with self._transaction() as connection:
            latest: int = connection.execute(select(counter.c.sequence)).scalar_one()
        return latest

    def name(self) -> str:
        """What tells this store from every other."""
        with self._transaction() as connection:
            name: str = connection.execute(select(counter.c.store)).scalar_one()
        return name

    def horizon(self) -> int:
        """Up to which number deletions are no longer noted."""
        with self._transaction() as connection:
            return changes.horizon(connection)

    def changes_since(self, sequence: int, limit: int) -> list[Change]:
        """The first `limit` changes after one, in order. The enrolment of a face that is gone is not among them.

        Raises Forgotten where deletions after it are no longer noted.
        """
        with self._transaction() as connection:
            return changes.changes_since(connection, sequence, limit)

    def enrolled(self, after: int, last: int, limit: int) -> list[Enrolment]:
        """The first `limit` faces with a number above `after` and up to `last`, in the order of their numbers."""
        with self._transaction() as connection:
            return changes.enrolled(connection, after, last, limit)

    def block_keys(self) -> tuple[int, dict[int, bytes]]:
        """The number of a change, and the key of each block of numbers that had one after it.

        A face that was erased since is noted among the later changes, or its block's key is not here.
        """
        with self._transaction() as connection:
            latest: int = connection.execute(select(counter.c.sequence)).scalar_one()
            return latest, block_keys.keys(connection)

    def make_block_keys(self, blocks: Sequence[int]) -> dict[int, bytes]:
        """The key of each of these blocks of numbers, made where there is none."""
        with self._transaction() as connection:
            return block_keys.make_keys(connection, blocks)

    def _add_each(self, new: Sequence[tuple[NewFace, bool]]) -> list[tuple[EnrolledFace, bool]]:
        with self._transaction() as connection:
            return insert_each(connection, new)

    @contextmanager
    def _writing(self, seconds: float | None = None) -> Iterator[Connection]:
        """A transaction that writes, in its turn."""
        with self._turns.taken(present_limit()), self._transaction(seconds or present_limit()) as connection:
            yield connection

    def _change(self, amendments: Mapping[str, Amendment], seen: Seen) -> list[EnrolledFace]:
        with self._writing() as connection:
            numbers = changes.change(connection, [(_named(id, seen), new) for id, new in amendments.items()])
            query = select(*FACE).where(faces.c.sequence.in_(numbers)).order_by(faces.c.sequence)
            changed = [face_of(row._mapping) for row in connection.execute(query)] if numbers else []
        if changed:
            self.database.scrub()
        return changed

    def _erase(self, *which: ColumnElement[bool], noted: Sequence[ColumnElement[bool]] = ()) -> Receipt:
        """Delete some faces, and what jobs have `noted` where that is asked for."""
        with self._writing(WORK_SECONDS) as connection:
            count, sequence = changes.remove(connection, *which)
            forgotten = connection.execute(delete(failures).where(*noted)).rowcount if noted else 0
        if count or forgotten:
            self.database.scrub()
        return Receipt(count, sequence, moment(time.time_ns() // 1_000_000))

    def _one(self, id: str, seen: Seen, *columns: Column[Any]) -> Row[Any]:
        with self._transaction() as connection:
            row = connection.execute(select(*columns).where(*_named(id, seen))).one_or_none()
        if row is None:
            raise _no_face(id)
        return row


def cursor_after(face: EnrolledFace) -> str:
    """Names the place where the page after a face starts."""
    return f"{face.sequence:016x}"


def _named(id: str, seen: Seen) -> list[ColumnElement[bool]]:
    """The face with an id, if its collection is seen: the same statement whether there is one or not."""
    return [faces.c.id == id if is_id(id) else literal(False), *_in(seen)]


def _in(seen: Seen) -> list[ColumnElement[bool]]:
    return [] if seen is None else [faces.c.collection.in_(seen)]


def _within(collection: str | None, subject: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if collection is not None:
        check_collection(collection)
        conditions.append(faces.c.collection == collection)
    if subject is not None:
        check_subject(subject)
        conditions.append(faces.c.subject == subject)
    return conditions


def _outdated(model: str, collection: str | None, after: int) -> list[ColumnElement[bool]]:
    kept = faces.c.crop.is_not(None) & (faces.c.model != model) & (faces.c.sequence > after)
    return [kept, *_within(collection, None)]


def _no_face(id: str) -> NotFound:
    return NotFound(f"there is no face {id!r}", id=id)
