"""What SQLite needs beyond SQL to be durable and to forget; for any other database these do nothing."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

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


def configure(engine: Engine) -> None:
    """Make the database's folder, and set up every connection to come."""
    if engine.dialect.name != "sqlite":
        return
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    def on_connect(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(engine, "connect", on_connect)


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
