"""The database that everything durable of the gallery lies in."""

import logging
import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from types import EllipsisType
from typing import Any

from sqlalchemy import URL, Connection, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, Dialect
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from gallery.concurrency.periodic_thread import Keeper
from gallery.store import dialects, migrate
from gallery.store.encryption import Sealed, Vault, attach
from gallery.store.time_limit import ANSWER_SECONDS, LOCK_SECONDS, WORK_SECONDS, TimeLimit, present_limit
from model.errors import InvalidRequest, StorageFull, Unavailable

_SEALED = Sealed()
VECTOR_KEYS = "vector_keys"
MOST_CONNECTIONS = 20
"""Of one process to a server; PostgreSQL by default takes 100 of all together."""
_IDLE_CONNECTIONS = 5
"""So many stay open while nobody needs them."""
_POOL_SECONDS = 0.8
"""How long somebody waits for one of them; with the time that a database has to answer, less than a probe waits."""
_DISK_FULL = "53100"
"""What PostgreSQL calls it."""
_SINCE = "since"
"""Where a connection's entry in the pool says when it began to be opened."""
_SECONDS = 10.0
"""How often it is tried again to empty the log where there was no room for it."""

logger = logging.getLogger("facet.process.gallery")


class Database:
    """Connections that any number of threads may use at a time."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and bring its tables to their present form.

        `vector_keys=<file>` in the URL's query names the file of the keys by which embeddings and pictures are sealed.
        Raises InvalidRequest for a URL that names no database that can be used.
        """
        try:
            address = make_url(url)
            keys = address.query.get(VECTOR_KEYS)
            address = address.difference_update_query([VECTOR_KEYS])
            self._engine = create_engine(
                address,
                pool_size=_IDLE_CONNECTIONS,
                # A file has no server that could run out of connections: there its locks alone are waited for.
                max_overflow=-1 if address.get_backend_name() == "sqlite" else MOST_CONNECTIONS - _IDLE_CONNECTIONS,
                pool_timeout=_POOL_SECONDS,
                hide_parameters=True,
                connect_args=_limits_of(address),
            )
        except (ArgumentError, ImportError) as error:
            raise InvalidRequest(f"the gallery's database URL cannot be used: {error}") from error
        if keys is not None:
            attach(self._engine.dialect, Vault.of(Path(str(keys))))
        dialects.configure(self._engine)
        self._dropped = -math.inf
        """When the connections were last closed; those that were opened before are closed when they are given back."""
        self._dropping = Lock()
        event.listen(self._engine, "do_connect", _note_time)
        event.listen(self._engine, "checkin", self._close_dropped)
        self._unscrubbed = False
        """Whether something that was deleted may still be in the files."""
        self._failure = self._engine.dialect.loaded_dbapi.OperationalError
        self._limit = TimeLimit()
        with ExitStack() as on_failure:
            on_failure.callback(self._limit.close)
            on_failure.callback(self._drop_connections)
            with self.transaction(None) as connection:
                migrate.upgrade(connection)
            # What a process that was killed while it deleted left in the log.
            self.scrub()
            on_failure.pop_all()
        self._keeper = Keeper(lambda: self._unscrubbed, self.scrub, _SECONDS)

    def close(self) -> None:
        """Close every connection; one that is in use is closed when it no longer is."""
        self._keeper.close()
        self._drop_connections()
        self._limit.close()

    def _drop_connections(self) -> None:
        with self._dropping:
            self._dropped = math.inf  # what is opened until there is a new pool belongs to the old one
            self._engine.dispose()
            self._dropped = time.monotonic()

    def _close_dropped(self, _: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        """The pool that a connection is given back to after `dispose` is nobody's, and would never close it."""
        if entry.info[_SINCE] <= self._dropped:
            entry.invalidate()

    @contextmanager
    def transaction(self, seconds: float | EllipsisType | None = ...) -> Iterator[Connection]:
        """All that happens inside or, if it fails, nothing of it.

        It may take so many seconds, by default those of `time_limit.limited`; None is without a limit. Raises
        StorageFull where there is no room for it, and Unavailable while the database does not answer.
        """
        limit = present_limit() if isinstance(seconds, EllipsisType) else seconds
        with (
            _told(),
            self._limit.admitted(limit),
            self._engine.connect() as connection,
            self._limit.watching(limit, connection.connection.driver_connection),
            connection.begin(),
        ):
            if limit is None and connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            yield connection

    @contextmanager
    def cursor(self) -> Iterator[DBAPICursor]:
        """A bare cursor of the driver, for a statement that only reads; its parameters are written as `mark`.

        It does without what SQLAlchemy does for a statement and for each of its values, which a search would notice.
        Raises as `transaction` does.
        """
        limit = present_limit()
        with _told(), self._limit.admitted(limit):
            connection = self._raw_connection()
            try:
                with self._limit.watching(limit, connection.driver_connection):
                    yield connection.cursor()
            except self._failure as error:
                # The other connections may be as dead as this one.
                connection.invalidate(error)
                self._drop_connections()
                raise OperationalError(None, None, error) from error
            finally:
                connection.close()

    def _raw_connection(self) -> PoolProxiedConnection:
        try:
            return self._engine.raw_connection()
        except self._failure as error:
            raise OperationalError(None, None, error) from error

    @property
    def mark(self) -> str:
        """What stands for a parameter in a statement for `cursor`."""
        return "?" if self._engine.dialect.positional else "%s"

    def opened(self, value: bytes) -> bytes:
        """What was given to a `Sealed` column, of which `cursor` gives what the database keeps. Raises Unavailable."""
        result = _SEALED.process_result_value(value, self._engine.dialect)
        assert result is not None
        return result

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Whether this caller alone, of all processes, does inside what has a name; False while another does.

        It is held for as long as it takes. Raises Unavailable while the database does not answer.
        """
        with _told(), dialects.exclusive(self._engine, name) as alone:
            yield alone

    def scrub(self) -> None:
        """Let nothing of what was deleted stay in the database's files.

        What was deleted is so whether or not this can be done now. Where there is no room for it, or somebody reads
        what was there before, it is done later. Of PostgreSQL's files this changes nothing: see `rewrite`.
        """
        try:
            with self.transaction(WORK_SECONDS) as connection:
                self._unscrubbed = not dialects.scrub(connection)
        except StorageFull:
            logger.warning("there is no room to empty the database's log: what was deleted stays in it until there is")
            self._unscrubbed = True
        else:
            if self._unscrubbed:
                logger.warning("somebody reads an older state: what was deleted stays in the database's log until then")

    def rewrite(self) -> None:
        """Let nothing of what was deleted stay in the files of the tables, also of PostgreSQL's.

        There every table is written anew, and nobody else can use it meanwhile. Raises Unavailable where somebody reads
        what was there before.
        """
        with _told():
            dialects.rewrite(self._engine)
        self.scrub()
        if self._unscrubbed:
            raise Unavailable(
                "somebody reads what was there before, or there is no room; try again when that has ended"
            )


def _note_time(_: Dialect, entry: ConnectionPoolEntry, *_arguments: object) -> None:
    entry.info[_SINCE] = time.monotonic()


def _limits_of(address: URL) -> dict[str, Any]:
    """What a driver is told of the time that connecting, a statement, and the locks of others may take.

    What the URL itself says goes before it.
    """
    if address.get_backend_name() == "sqlite":
        return {"timeout": float(str(address.query.get("timeout", LOCK_SECONDS)))}
    if address.get_backend_name() != "postgresql":
        return {}
    limits = {"statement_timeout": WORK_SECONDS, "lock_timeout": LOCK_SECONDS}
    options = [*(f"-c {name}={round(1000 * s)}" for name, s in limits.items()), address.query.get("options", "")]
    connect_timeout = int(str(address.query.get("connect_timeout", round(ANSWER_SECONDS))))
    return {"connect_timeout": connect_timeout, "options": " ".join(map(str, options)).strip()}


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the database, in the gallery's words."""
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        if _is_full(error):
            raise StorageFull(
                "there is no room to write; what is there can still be read, and the rest works again when there is"
            ) from error
        raise Unavailable("the gallery's database does not answer; try again later") from error


def _is_full(error: Exception) -> bool:
    """Whether a database failed for want of room: the disk's, or what a limit leaves of it."""
    cause = getattr(error, "orig", None)
    # A write that the file system cut short counts as a failure of input and output with SQLite.
    of_sqlite = getattr(cause, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
    return of_sqlite or getattr(cause, "sqlstate", None) == _DISK_FULL
