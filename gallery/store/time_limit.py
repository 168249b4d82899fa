"""How long a database may take to answer, whether or not it is there."""

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock, Thread
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from model.errors import Unavailable

ANSWER_SECONDS = 3.0
"""For what somebody waits for: less than a probe waits for readiness."""
WORK_SECONDS = 120.0
"""For what is done at length."""
LOCK_SECONDS = 2.5
"""How long a statement waits for others' locks, which is no silence of the database."""
SILENT_SECONDS = 1.0
"""How long nobody is let to a database that did not answer. After it one at a time tries."""
_NEARLY = 0.9
_LOOK_SECONDS = 0.1

_seconds: ContextVar[float] = ContextVar("database_seconds", default=WORK_SECONDS)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Whatever asks the database inside waits for so long, but for what knows better."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def present_limit() -> float:
    """Seconds that a transaction may take which does not say it itself."""
    return _seconds.get()


class TimeLimit:
    """Breaks the connections of transactions that take too long, from a thread of its own.

    A server that stands still keeps no time limit of its own, and no driver has one for reading. What waits for an
    answer then meets the driver's error; others are refused at once until the database answers again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._watched: dict[object, tuple[float, Any]] = {}
        """The deadline of each transaction, and its driver's connection."""
        self._silent_until: float | None = None
        self._answered = 0.0
        """When the database last did what it was asked."""
        self._tried = False
        self._stop = Event()
        self._thread = Thread(target=self._watch, name="database-limit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def admitted(self, seconds: float | None) -> Iterator[None]:
        """Notes whether the database answers what happens inside. Raises Unavailable where it lately did not."""
        trial, began = self._admit(), time.monotonic()
        try:
            yield
        except (OperationalError, PoolTimeout) as error:
            late = time.monotonic() - began >= _NEARLY * min(seconds or ANSWER_SECONDS, ANSWER_SECONDS)
            # What takes long while others are answered is itself to blame.
            if late and self._answered < began and not _is_answer(error):
                self._silent_until = time.monotonic() + SILENT_SECONDS
            elif trial:
                self._silent_until = None
            raise
        else:
            self._answered, self._silent_until = time.monotonic(), None
        finally:
            if trial:
                self._tried = False

    def _admit(self) -> bool:
        """Whether this is the one who tries a silent database."""
        with self._lock:
            if self._silent_until is None:
                return False
            if self._tried or time.monotonic() < self._silent_until:
                raise Unavailable("the gallery's database does not answer; try again later", part="database")
            self._tried = True
            return True

    @contextmanager
    def watching(self, seconds: float | None, connection: Any) -> Iterator[None]:
        """Break a driver's connection where what happens inside takes longer; None may take as long as it likes."""
        if seconds is None:
            yield
            return
        key = object()
        with self._lock:
            self._watched[key] = time.monotonic() + seconds, connection
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(key, None)

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            with self._lock:
                now = time.monotonic()
                late = [key for key, (deadline, _) in self._watched.items() if deadline < now]
                for key in late:
                    _break(self._watched.pop(key)[1])


def _is_answer(error: OperationalError | PoolTimeout) -> bool:
    """Whether a database said this itself, such as that others hold a lock."""
    cause = getattr(error, "orig", None)
    said_by_sqlite = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_INTERRUPT) != sqlite3.SQLITE_INTERRUPT
    return said_by_sqlite or getattr(cause, "sqlstate", None) is not None


def _break(connection: Any) -> None:
    """Have whoever waits for an answer over a driver's connection meet an error."""
    if isinstance(connection, sqlite3.Connection):
        connection.interrupt()
        return
    if not connection.closed:
        # A copy of the descriptor, so that the driver's own is not closed under it.
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
