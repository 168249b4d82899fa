"""The log of who enrolled, searched and erased how many faces: one JSON object a line, only ever appended to."""

import logging
import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

logger = logging.getLogger("facet.audit")


class Action(StrEnum):
    """What is logged."""

    ENROL = "enrol"
    CHANGE = "change"
    ERASE = "erase"
    SEARCH = "search"
    READ = "read"
    CANCEL = "cancel"


_LASTING = {Action.ENROL, Action.CHANGE, Action.ERASE, Action.CANCEL}
"""Their entries are on the disk (fsync) before the request is answered. Others are written, but not synchronised: they
survive a kill of the process, and not a loss of power."""


@dataclass
class AuditLog:
    """Appends to a file, from any number of threads and processes of one machine.

    No entry holds a vector, a subject or a picture. Where an entry cannot be written, as on a full disk, the request
    goes on; the next entry that can be written comes after one that tells how many are missing.
    """

    path: Path | None
    """None logs nothing."""
    _missed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, action: Action, caller: str, count: int, request: str, **facts: Any) -> None:
        """Note that a caller did something to so many faces, by the request with an id."""
        if self.path is None:
            return
        entry = {"action": action, "key": caller, "faces": count, "request": request, **facts}
        with self._lock:
            try:
                if self._missed:
                    # On a line of its own, whatever part of an entry the disk had room for.
                    _append(self.path, {"action": "missing", "entries": self._missed}, start=b"\n")
                _append(self.path, entry, lasting=action in _LASTING)
                self._missed = 0
            except OSError as error:
                self._missed += 1
                logger.error("an entry of the audit log %s could not be written: %s", self.path, error)


def _append(path: Path, entry: dict[str, Any], *, start: bytes = b"", lasting: bool = False) -> None:
    """Add a line at the end of a file, which is opened anew so that it may be moved away at any time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = start + orjson.dumps({"at": now, **entry}) + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # One call, so that no other writer comes between.
        if os.write(file, line) < len(line):
            raise OSError("there was no room for the whole of it")
        if lasting:
            os.fsync(file)
    finally:
        os.close(file)
