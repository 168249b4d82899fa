"""The gallery's database copied while it is in use, and brought back."""

import logging
import os
import sqlite3
import subprocess
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url, text

from gallery.store.database import Database
from model.errors import InvalidRequest, NotFound, StorageFull, Unavailable

logger = logging.getLogger("facet.process.gallery")

_PAGES = 1000
"""Copied at a time; the service writes between."""


def back_up(url: str, to: Path) -> int:
    """Write the database at a SQLAlchemy URL, as it is at one moment, to a new file; gives the number of faces in it.

    The service may run. The file is complete and on the disk, or not there: of SQLite a database of its own, of
    PostgreSQL the custom format of `pg_dump`. Raises InvalidRequest where the file is there already, NotFound where
    there is no database, StorageFull, and Unavailable for all else that fails.
    """
    if to.exists():
        raise InvalidRequest(f"{to} is there already; name another file")
    address, aside = make_url(url), to.with_name(f"{to.name}.part")
    try:
        if address.get_backend_name() == "sqlite":
            _copy(_file_of(address), aside)
        else:
            _run(["pg_dump", "--format=custom", "--no-owner", f"--file={aside}"], address)
        _settle(aside, to)
    except OSError as error:
        raise StorageFull(f"the backup cannot be written to {to}: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)
    return _faces(url if address.get_backend_name() != "sqlite" else f"sqlite:///{to.absolute()}")


def restore(source: Path, url: str) -> int:
    """Put what a backup holds in the place of the database at a SQLAlchemy URL; gives the number of faces in it.

    No service may run on it meanwhile. The old database is there until the new one is complete. The restored one gets
    a name that no other store has, so that nobody takes an index of what was there before for its own. Raises
    NotFound without the file, InvalidRequest for what is no backup, and as `back_up` does.
    """
    if not source.is_file():
        raise NotFound(f"there is no backup {source}")
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        target = Path(address.database or "")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.part")
        try:
            _copy(source, aside)
            _rename_store(f"sqlite:///{aside.absolute()}")
            _fold_in_log(target)
            _settle(aside, target)
        finally:
            aside.unlink(missing_ok=True)
    else:
        options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
        _run(["pg_restore", *options, f"--dbname={address.database}", str(source)], address)
        _rename_store(url)
    return _faces(url)


def _fold_in_log(target: Path) -> None:
    """Bring the write-ahead log of a database that is to be replaced into it, and end the log.

    The log of the old database would be taken for one of the new, and to remove it first would lose what it holds if
    the new one never came. Raises Unavailable while a service runs on it. A log without a readable database is
    removed, as nobody can read it.
    """
    if target.exists():
        try:
            with closing(sqlite3.connect(target, timeout=1.0)) as old:
                old.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Unavailable(f"{target} is in use; stop the service first") from error
            logger.warning("%s cannot be read and is replaced: %s", target, error)
        except sqlite3.DatabaseError as error:
            logger.warning("%s cannot be read and is replaced: %s", target, error)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, to: Path) -> None:
    """Copy a SQLite database by its own online backup, and check the copy."""
    to.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(to)) as new,
        ):
            old.backup(new, pages=_PAGES)
            # One file, without a log beside it.
            new.execute("PRAGMA journal_mode = DELETE")
            [[verdict]] = new.execute("PRAGMA integrity_check").fetchall()
            tables = {name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise StorageFull(f"there is no room for {to}") from error
        raise InvalidRequest(f"{source} cannot be copied as a database: {error}") from error
    if verdict != "ok" or "faces" not in tables:
        raise InvalidRequest(f"{source} is no gallery, or damaged: {verdict}")


def _run(command: Sequence[str], address: URL) -> None:
    """Run a program of PostgreSQL on a database. The password goes by the environment, unseen by other users."""
    given = {"PGHOST": address.host or address.query.get("host"), "PGPORT": address.port, "PGUSER": address.username,
             "PGPASSWORD": address.password, "PGDATABASE": address.database}  # fmt: skip
    environment = {name: str(value) for name, value in given.items() if value is not None}
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env={"PATH": os.defpath, **environment})
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not on this machine; it comes with PostgreSQL's client programs") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{command[0]} failed: {error.stderr.strip()}") from error


def _settle(aside: Path, to: Path) -> None:
    """Give a complete file its name, both on the disk."""
    _sync(aside)
    aside.replace(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _file_of(address: URL) -> Path:
    file = Path(address.database or "")
    if not file.is_file():
        raise NotFound(f"there is no gallery {file}")
    return file


def _rename_store(url: str) -> None:
    database = Database(url)
    try:
        with database.transaction(None) as connection:
            connection.execute(text("UPDATE counter SET store = :name"), {"name": str(uuid.uuid4())})
    finally:
        database.close()


def _faces(url: str) -> int:
    database = Database(url)
    try:
        with database.transaction(None) as connection:
            return int(connection.execute(text("SELECT count(*) FROM faces")).scalar_one())
    finally:
        database.close()
