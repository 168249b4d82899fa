"""The durable truth: every enrolled face, and the sequence of all changes."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    create_engine,
    delete,
    distinct,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gallery import schema, sqlite
from gallery.limits import MAX_PAGE, check_collection, check_limit, check_subject
from gallery.records import Amendment, Change, CollectionInfo, EnrolledFace, NewFace, Page, Receipt
from gallery.rows import change_of, face_of, moment, row_of, values_of
from gallery.tables import counter, deletions, faces
from model.errors import InvalidRequest, NotFound, Unavailable

_ID = re.compile(r"[0-9a-f-]{36}")
_CURSOR = re.compile(r"[0-7][0-9a-f]{15}")
_WITHOUT_CROP = [column for column in faces.columns if column is not faces.c.crop]
_LOOKUP = 1000
"""Faces asked for in one statement; databases limit its parameters."""


class Store:
    """Enrolled faces in a database that any number of threads and processes may use at a time.

    Every method raises Unavailable while the database does not answer.
    """

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and bring its tables to their present form.

        Raises InvalidRequest for a URL that names no database that can be used.
        """
        try:
            self._engine = create_engine(url, max_overflow=-1)
        except (ArgumentError, ImportError) as error:
            raise InvalidRequest(f"the gallery's database URL cannot be used: {error}") from error
        sqlite.configure(self._engine)
        with ExitStack() as on_failure:
            on_failure.callback(self._engine.dispose)
            with self._transaction() as connection:
                schema.upgrade(connection)
            on_failure.pop_all()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def add(self, face: NewFace) -> EnrolledFace:
        """Enrol one face; once this returns, it survives a crash."""
        return self.add_many([face])[0]

    def add_many(self, new: Sequence[NewFace]) -> list[EnrolledFace]:
        """Enrol all of these faces or, if it fails, none."""
        if not new:
            return []
        milliseconds = time.time_ns() // 1_000_000
        with self._transaction() as connection:
            first = _advance(connection, len(new)) - len(new) + 1
            rows = [row_of(face, first + place, milliseconds) for place, face in enumerate(new)]
            connection.execute(insert(faces), rows)
        return [face_of(row) for row in rows]

    def get(self, id: str) -> EnrolledFace:
        """One face. Raises NotFound."""
        return face_of(self._one(id, *_WITHOUT_CROP)._mapping)

    def crop(self, id: str) -> bytes | None:
        """The picture of one face, None where none was kept. Raises NotFound."""
        crop: bytes | None = self._one(id, faces.c.crop).crop
        return crop

    def outdated(self, model: str, limit: int) -> list[tuple[str, bytes]]:
        """The first `limit` faces of other models whose picture was kept: the id and the picture of each."""
        kept = faces.c.crop.is_not(None) & (faces.c.model != model)
        query = select(faces.c.id, faces.c.crop).where(kept).order_by(faces.c.sequence).limit(limit)
        with self._transaction() as connection:
            return [(row.id, row.crop) for row in connection.execute(query)]

    def find(self, sequences: Sequence[int]) -> dict[int, EnrolledFace]:
        """The faces with these enrolment numbers, by number; those that are gone are left out."""
        found = {}
        with self._transaction() as connection:
            for start in range(0, len(sequences), _LOOKUP):
                wanted = faces.c.sequence.in_(sequences[start : start + _LOOKUP])
                for row in connection.execute(select(*_WITHOUT_CROP).where(wanted)):
                    found[row.sequence] = face_of(row._mapping)
        return found

    def page(
        self, *, collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """At most `limit` faces in the order of their enrolment or latest change, from where a page's cursor points.

        A face enrolled or changed while somebody turns pages is on the last of them. Raises InvalidRequest.
        """
        check_limit("limit", limit, MAX_PAGE)
        query = select(*_WITHOUT_CROP).where(*_within(collection, subject))
        if cursor is not None:
            if not _CURSOR.fullmatch(cursor):
                raise InvalidRequest("cursor is none that a page of faces gave; leave it out to start at the first")
            query = query.where(faces.c.sequence > int(cursor, 16))
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(faces.c.sequence).limit(limit + 1)).all()
        listed = [face_of(row._mapping) for row in rows[:limit]]
        return Page(listed, f"{listed[-1].sequence:016x}" if len(rows) > limit else None)

    def collections(self) -> list[CollectionInfo]:
        """Every collection that holds a face, by name."""
        name = faces.c.collection
        query = select(name, func.count(), func.count(distinct(faces.c.subject))).group_by(name).order_by(name)
        with self._transaction() as connection:
            return [CollectionInfo(*row) for row in connection.execute(query)]

    def change(self, id: str, amendment: Amendment) -> EnrolledFace:
        """Change some fields of one face, which gets a new number; gives the face as it is now. Raises NotFound."""
        with self._transaction() as connection:
            first = _advance(connection, 0) + 1
            known = faces.c.id == id if _ID.fullmatch(id) else literal(False)
            old = connection.execute(select(faces.c.sequence).where(known)).scalar_one_or_none()
            if old is None:
                raise _no_face(id)
            connection.execute(insert(deletions), {"sequence": first, "face": old})
            change = update(faces).where(faces.c.sequence == old).values(sequence=first + 1, **values_of(amendment))
            row = connection.execute(change.returning(*_WITHOUT_CROP)).one()
            _advance(connection, 2)
        self._scrub()
        return face_of(row._mapping)

    def delete(self, id: str) -> Receipt:
        """Delete one face. Raises NotFound."""
        receipt = self._erase(faces.c.id == id if _ID.fullmatch(id) else literal(False))
        if not receipt.deleted:
            raise _no_face(id)
        return receipt

    def delete_subject(self, subject: str, collection: str | None = None) -> Receipt:
        """Delete all faces of a subject, in one collection or in all, also where there are none."""
        return self._erase(*_within(collection, subject))

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

    def erased_since(self, sequence: int) -> bool:
        """Whether a face was deleted or changed after a change of the sequence."""
        with self._transaction() as connection:
            later = select(deletions.c.sequence).where(deletions.c.sequence > sequence).limit(1)
            return connection.execute(later).first() is not None

    def changes_since(self, sequence: int, limit: int) -> list[Change]:
        """The first `limit` changes after one, in order. The enrolment of a face that is gone is not among them."""
        enrolled = select(
            faces.c.sequence, null().label("face"), faces.c.id, faces.c.subject, faces.c.collection, faces.c.model,
            faces.c.embedding, faces.c.metadata,
        ).where(faces.c.sequence > sequence)  # fmt: skip
        deleted = select(deletions.c.sequence, deletions.c.face, *[null()] * 6).where(deletions.c.sequence > sequence)
        # One statement sees one state of the database, whatever its isolation level.
        both = union_all(enrolled, deleted).order_by("sequence").limit(limit)
        with self._transaction() as connection:
            return [change_of(row) for row in connection.execute(both)]

    def _erase(self, *which: ColumnElement[bool]) -> Receipt:
        with self._transaction() as connection:
            count, sequence = _remove(connection, *which)
        if count:
            self._scrub()
        return Receipt(count, sequence, moment(time.time_ns() // 1_000_000))

    def _scrub(self) -> None:
        with self._transaction() as connection:
            sqlite.scrub(connection)

    def _one(self, id: str, *columns: Column[Any]) -> Row[Any]:
        if _ID.fullmatch(id):
            with self._transaction() as connection:
                row = connection.execute(select(*columns).where(faces.c.id == id)).one_or_none()
            if row is not None:
                return row
        raise _no_face(id)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, PoolTimeout) as error:
            raise Unavailable("the gallery's database does not answer; try again later") from error


def _advance(connection: Connection, count: int) -> int:
    """Take the next `count` numbers of the sequence; gives the last of them.

    As the first statement of a transaction it also holds back every other writer until the commit, so that changes
    become visible in the order of their numbers.
    """
    step = update(counter).values(sequence=counter.c.sequence + count).returning(counter.c.sequence)
    last: int = connection.execute(step).scalar_one()
    return last


def _remove(connection: Connection, *which: ColumnElement[bool]) -> tuple[int, int]:
    """Delete faces and note that they are gone; gives how many, and the number of the latest change."""
    first = _advance(connection, 0) + 1
    gone = connection.scalars(delete(faces).where(*which).returning(faces.c.sequence)).all()
    if gone:
        notes = [{"sequence": first + place, "face": face} for place, face in enumerate(sorted(gone))]
        connection.execute(insert(deletions), notes)
    return len(gone), _advance(connection, len(gone))


def _within(collection: str | None, subject: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if collection is not None:
        check_collection(collection)
        conditions.append(faces.c.collection == collection)
    if subject is not None:
        check_subject(subject)
        conditions.append(faces.c.subject == subject)
    return conditions


def _no_face(id: str) -> NotFound:
    return NotFound(f"there is no face {id!r}", id=id)
