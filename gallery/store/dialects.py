"""What SQLite and PostgreSQL need beyond SQL to be durable, to forget, and to let one process at a time work."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from gallery.store.tables import tables
from gallery.store.time_limit import LOCK_SECONDS

_PRAGMAS = (
    "journal_mode = WAL",
    # In WAL mode this alone makes a commit survive a loss of power.
    "synchronous = FULL",
    # Deleted content is overwritten with zeros.
    "secure_delete = ON",
    # Off unless asked for.
    "foreign_keys = ON",
)

_PATIENCE_MS = 1000
"""How long those who read an older state are waited for before the log is emptied later."""

_AGAIN_SECONDS = 0.02


def configure(engine: Engine) -> None:
    """Make the database's folder, and set up every connection to come."""
    if engine.dialect.name != "sqlite":
        return
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    def on_connect(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        for pragma in _PRAGMAS:
            _set(connection, pragma)

    event.listen(engine, "connect", on_connect)


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Set a pragma, waiting for those who write: SQLite itself refuses a change to a log at once while anybody does, as
    when several processes open a new database at the same moment.
    """
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def scrub(connection: Connection) -> bool:
    """Empty the write-ahead log, which still holds the pages as they were before a deletion; whether that was done.

    The connection must not have read or written in its transaction yet. While anybody reads an older state of the log,
    it cannot be emptied.
    """
    if connection.dialect.name != "sqlite":
        return True
    patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    # While this waits for those who read, nobody else can write.
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENCE_MS}").close()
    try:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}").close()
    return not busy


def rewrite(engine: Engine) -> None:
    """Have PostgreSQL write every table anew without what was deleted; nobody else can use it meanwhile.

    A deletion leaves the bytes where they are until their place is taken. This lets go of the old files, which the
    server removes with its next checkpoint; its write-ahead log keeps what it was written until the server takes that
    file of it again.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            # No transaction may be under way; and nobody else gets a connection that may wait for ever.
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.detach()
            alone.exec_driver_sql("SET statement_timeout = 0")
            for table in tables.sorted_tables:
                alone.exec_driver_sql(f"VACUUM FULL {table.name}")


@contextmanager
def exclusive(engine: Engine, name: str) -> Iterator[bool]:
    """Whether this caller alone does inside what has a name; False, and no waiting, while another does.

    In PostgreSQL it is an advisory lock; beside SQLite's file it is a lock of another file, so that nobody who writes
    to the database waits for it. Any other database says True to everyone.
    """
    if engine.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        with engine.connect() as connection, connection.begin():
            got = connection.execute(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number})
            yield bool(got.scalar_one())
    elif engine.dialect.name == "sqlite" and engine.url.database:
        with closing(sqlite3.connect(f"{engine.url.database}.{name}.lock", timeout=0, isolation_level=None)) as file:
            yield _locked(file)
    else:
        yield True


def _locked(file: sqlite3.Connection) -> bool:
    try:
        file.execute("BEGIN EXCLUSIVE").close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
