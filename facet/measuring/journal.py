"""What is measured already, beside the table that it becomes: a stopped measurement goes on where it was."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from facet.measuring.embedder import Measured
from facet.measuring.sources import Key, Shot
from model.errors import InvalidRequest

Row = dict[str, Any]
"""A face as the service answers it, with `picture`, `frame`, `seconds` and `face`, its number in the picture from 0."""


class Journal:
    """A file of JSON lines: the settings, then for each shot its faces or why it has none.

    A line that was cut off by the end of the process counts as not written.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Raises InvalidRequest where other settings began it."""
        self._path = path
        self.done: set[Key] = set()
        self.faces = self.failed = 0
        whole = self._read(settings) if path.exists() else 0
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(whole)
        self._file.seek(whole)
        if not whole:
            self._write(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, measured: Measured) -> None:
        """Note what came of a shot."""
        self._write({**_place_of(measured.shot), "error": measured.error, "faces": measured.faces})
        self.faces += len(measured.faces)
        self.failed += measured.error is not None

    def rows(self) -> Iterator[Row]:
        """Every face so far."""
        self._file.flush()
        for line in _lines(self._path):
            yield from _numbered({name: line[name] for name in ("picture", "frame", "seconds")}, line["faces"])

    def remove(self) -> None:
        """Erase the file, when what it holds is in the table."""
        self._path.unlink()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _read(self, settings: dict[str, Any]) -> int:
        """Learn what is done; gives how many bytes are whole lines."""
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole and orjson.loads(data[: data.index(b"\n")]) != settings:
            raise InvalidRequest(f"{self._path} was begun with another model or other options; remove it to begin anew")
        for line in _lines(self._path):
            self.done.add((line["picture"], line["frame"]))
            self.faces += len(line["faces"])
            self.failed += line["error"] is not None
        return whole


def rows_of(measured: Measured) -> Iterator[Row]:
    """Every face of a shot."""
    return _numbered(_place_of(measured.shot), measured.faces)


def _place_of(shot: Shot) -> dict[str, Any]:
    return {"picture": str(shot.path), "frame": shot.frame, "seconds": shot.seconds}


def _numbered(place: dict[str, Any], faces: Sequence[Any]) -> Iterator[Row]:
    return ({**place, "face": number, **face} for number, face in enumerate(faces))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines but for the first."""
    with path.open("rb") as file:
        file.readline()
        for line in file:
            if line.endswith(b"\n"):
                yield orjson.loads(line)
