"""Jobs in the database, so that they survive a restart."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gallery.jobs.job_records import Failure, Groups, Job, Kind, State
from gallery.limits import MAX_PAGE, check_collection, check_id, check_limit, is_id
from gallery.records import NewFace
from gallery.store.database import Database
from gallery.store.enrolment import advance, insert_unknown, known_contents
from gallery.store.rows import moment
from gallery.store.tables import faces, failures, jobs, members
from gallery.store.uuid7 import uuid7
from model.errors import FacetError, NotFound

_ACTIVE = (State.QUEUED, State.RUNNING)
_CHUNK = 1000
"""Rows written, or asked for, in one statement."""


class Ended(Exception):
    """The job was cancelled, so that its work has no use any more."""


class JobStore:
    """Every job of the last time. Raises Unavailable while the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._transaction = database.transaction

    def create(self, kind: Kind, collection: str, parameters: Mapping[str, Any], *, id: str | None = None) -> Job:
        """A new job that waits for its turn. Raises InvalidRequest for a collection of no valid name."""
        check_collection(collection)
        now = _now()
        row = {
            "id": id or new_id(),
            "kind": kind.value,
            "state": State.QUEUED.value,
            "collection": collection,
            "parameters": dict(parameters),
            "progress": {},
            "error": None,
            "starts": 0,
            "version": 1,
            "created": now,
            "changed": now,
        }
        with self._transaction() as connection:
            connection.execute(insert(jobs), row)
        return _job_of(row)

    def get(self, id: str) -> Job:
        """One job. Raises NotFound."""
        if is_id(id):
            with self._transaction() as connection:
                row = connection.execute(select(jobs).where(jobs.c.id == id)).one_or_none()
            if row is not None:
                return _job_of(row._mapping)
        raise no_job(id)

    def page(
        self, *, collections: Sequence[str] | None = None, before: str | None = None, limit: int = 100
    ) -> list[Job]:
        """At most `limit` jobs of some collections, or of all, the newest first, from the one after `before` on.

        Raises InvalidRequest.
        """
        check_limit("limit", limit, MAX_PAGE)
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if collections is not None:
            query = query.where(jobs.c.collection.in_(collections))
        if before is not None:
            check_id(before)
            query = query.where(jobs.c.id < before)
        with self._transaction() as connection:
            return [_job_of(row._mapping) for row in connection.execute(query)]

    def waiting(self, collection: str) -> int:
        """How many jobs of a collection are not ended."""
        active = jobs.c.state.in_([state.value for state in _ACTIVE])
        with self._transaction() as connection:
            found = connection.execute(select(func.count()).where(jobs.c.collection == collection, active))
            return int(found.scalar_one())

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        query = select(jobs.c.state, func.count().label("number")).group_by(jobs.c.state)
        with self._transaction() as connection:
            found = {row.state: row.number for row in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in State}

    def begin(self, id: str) -> Job | None:
        """Take up a job that is not ended, None for any other."""
        with self._transaction() as connection:
            return _changed(connection, id, state=State.RUNNING.value, starts=jobs.c.starts + 1)

    def release(self, id: str) -> None:
        """Let a job that was taken up wait again, because who works on it stops."""
        with self._transaction() as connection:
            _changed(connection, id, state=State.QUEUED.value, starts=0)

    def record(
        self,
        id: str,
        progress: Mapping[str, int | None],
        new: Sequence[NewFace] = (),
        failed: Sequence[Failure] = (),
        *,
        lasting: bool = True,
    ) -> Job:
        """Note how far a job is with what it brought, all or nothing.

        `lasting` says that a process that takes the job up again goes on from here, and does not begin anew.

        Of the faces those are enrolled that are not yet there; the count `enrolled` grows by them, and `duplicates` by
        the others. Raises Ended for a job that was cancelled.
        """
        with self._transaction() as connection:
            enrolled = insert_unknown(connection, new) if new else 0
            counts = dict(progress)
            if new:
                counts["enrolled"] = (counts["enrolled"] or 0) + enrolled
                counts["duplicates"] = (counts["duplicates"] or 0) + len(new) - enrolled
            if failed:
                connection.execute(insert(failures), [{"job": id, **vars(failure)} for failure in failed])
            job = _changed(connection, id, progress=counts, **{"starts": 0} if lasting else {})
            if job is None:
                raise Ended
            return job

    def finish(self, id: str, error: FacetError | None = None) -> None:
        """End a job, well or with an error; one that is ended stays as it is."""
        state = State.DONE if error is None else State.FAILED
        with self._transaction() as connection:
            _changed(connection, id, state=state.value, error=None if error is None else error.to_data())

    def cancel(self, id: str) -> Job:
        """End a job before it is done; one that is ended stays as it is. Raises NotFound."""
        if not is_id(id):
            raise no_job(id)
        with self._transaction() as connection:
            job = _changed(connection, id, state=State.CANCELLED.value)
        return job or self.get(id)

    def forget(self, seconds: float) -> int:
        """Forget the jobs that ended so long ago, what failed in them and the groups that they found; gives how many.

        One at a time: what a grouping found may be many rows.
        """
        long_ago = jobs.c.changed < _now() - round(1000 * seconds)
        ended = long_ago & jobs.c.state.not_in([state.value for state in _ACTIVE])
        with self._transaction() as connection:
            old = connection.scalars(select(jobs.c.id).where(ended)).all()
        for id in old:
            with self._transaction() as connection:
                connection.execute(delete(jobs).where(jobs.c.id == id))
        if old:
            # The paths of files that failed name people.
            self._database.scrub()
        return len(old)

    def failures(self, id: str, *, after: int = -1, limit: int = 100) -> list[Failure]:
        """The first `limit` files after a place that failed."""
        check_limit("limit", limit, MAX_PAGE)
        query = select(failures).where(failures.c.job == id, failures.c.place > after).order_by(failures.c.place)
        with self._transaction() as connection:
            rows = connection.execute(query.limit(limit)).mappings()
            return [Failure(**{name: value for name, value in row.items() if name != "job"}) for row in rows]

    def known(self, collection: str, contents: Sequence[bytes]) -> set[bytes]:
        """Which of these contents a face of a collection was made of."""
        with self._transaction() as connection:
            return known_contents(connection, collection, contents)

    def group(self, id: str, progress: Mapping[str, int | None], groups: Mapping[int, int | None]) -> None:
        """Keep the group of each face, by its number; None is no group. Raises Ended for a job that was cancelled."""
        numbers = sorted(groups)
        with self._transaction() as connection:
            # Nobody erases a face between the look at it and the end of the transaction.
            advance(connection, 0)
            for start in range(0, len(numbers), _CHUNK):
                wanted = faces.c.sequence.in_(numbers[start : start + _CHUNK])
                there = connection.scalars(select(faces.c.sequence).where(wanted)).all()
                if there:
                    rows = [{"job": id, "face": number, "group": groups[number]} for number in there]
                    connection.execute(insert(members), rows)
            if _changed(connection, id, progress=dict(progress), starts=0) is None:
                raise Ended

    def groups(self, id: str) -> Groups:
        """The groups that a job found, without the faces that were erased or moved to another collection since."""
        here = (members.c.face == faces.c.sequence) & (members.c.job == jobs.c.id)
        query = select(members.c.group, faces.c.id).where(
            here, jobs.c.id == id, faces.c.collection == jobs.c.collection
        )
        query = query.order_by(faces.c.sequence)
        found: dict[int | None, list[str]] = {}
        with self._transaction() as connection:
            for row in connection.execute(query):
                found.setdefault(row.group, []).append(row.id)
        unassigned = found.pop(None, [])
        return Groups(sorted(found.values(), key=len, reverse=True), unassigned)


def new_id() -> str:
    """The id of a job to come."""
    return uuid7(_now())


def no_job(id: str) -> NotFound:
    """The error for a job that is not there."""
    return NotFound(f"there is no job {id!r}", id=id)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _changed(connection: Connection, id: str, **values: Any) -> Job | None:
    """Change a job that is not ended; None for any other."""
    active = jobs.c.state.in_([state.value for state in _ACTIVE])
    values |= {"version": jobs.c.version + 1, "changed": _now()}
    change = update(jobs).where(jobs.c.id == id, active).values(**values).returning(*jobs.columns)
    row: Row[Any] | None = connection.execute(change).one_or_none()
    return None if row is None else _job_of(row._mapping)


def _job_of(row: Mapping[Any, Any]) -> Job:
    return Job(
        id=row["id"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        collection=row["collection"],
        parameters=row["parameters"],
        progress=row["progress"],
        error=row["error"],
        starts=row["starts"],
        version=row["version"],
        created=moment(row["created"]),
        changed=moment(row["changed"]),
    )
