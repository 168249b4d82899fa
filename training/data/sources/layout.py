"""What the folder of a data set must hold, and the tables in it, checked before any picture is read."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from training.data.sources.pictures import Failure

Parsed = TypeVar("Parsed")


class Layout:
    """Looks for the parts of a data set and collects what is wrong, so that one run names every fault."""

    def __init__(self, data_set: str, root: Path) -> None:
        self._data_set, self._root = data_set, root
        self._faults: list[str] = []
        if not root.is_dir():
            self.fault(f"{root} is no folder; unpack the data set there")

    def find(self, *places: str) -> Path:
        """The first of some alternative places below the root that exists; a fault if none does."""
        found = self.optional(*places)
        if found is None:
            self.fault(f"there is no {' or '.join(str(self._root / place) for place in places)}")
        return found or self._root / places[0]

    def optional(self, *places: str) -> Path | None:
        """The first of some alternative places below the root that exists."""
        return next((self._root / place for place in places if (self._root / place).exists()), None)

    def fault(self, text: str) -> None:
        """Remember something that is wrong."""
        self._faults.append(text)

    def check(self) -> None:
        """Raises ValueError naming every fault."""
        if self._faults:
            raise ValueError(f"{self._root} has not the layout of {self._data_set}: {'; '.join(self._faults)}")


def read_rows(
    path: Path, columns: Sequence[str], parse: Callable[[dict[str, str]], Parsed]
) -> Iterator[tuple[str, Parsed] | Failure]:
    """`file:line` and what `parse` makes of each row of a CSV file; where it raises ValueError, the row is a Failure.

    Raises ValueError if the file lacks some of the columns.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = _cells(file.readline())
        if header and not header[-1]:  # some owners end each line with a comma
            header.pop()
        missing = [column for column in columns if column not in header]
        if missing:
            raise ValueError(f"{path}:1: expected the columns {', '.join(columns)}; there is no {', '.join(missing)}")
        for number, line in enumerate(file, 2):
            if not line.strip():
                continue
            where = f"{path.name}:{number}"
            try:
                # Line by line, so that a quote without its partner spoils one row and not all that follow.
                cells = _cells(line)
                if len(cells) == len(header) + 1 and not cells[-1]:
                    cells.pop()
                if len(cells) != len(header):
                    raise ValueError(f"expected {len(header)} cells, found {len(cells)}")
                yield where, parse(dict(zip(header, cells, strict=True)))
            except (ValueError, csv.Error) as error:
                yield Failure(where, str(error))


def _cells(line: str) -> list[str]:
    return next(csv.reader([line.strip()], skipinitialspace=True, strict=True), [])


def number(row: dict[str, str], column: str, low: float = float("-inf"), high: float = float("inf")) -> float:
    """A cell as a number within bounds. Raises ValueError saying what was expected."""
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        bounds = "" if low == float("-inf") else f" from {low:g}" + ("" if high == float("inf") else f" to {high:g}")
        raise ValueError(f"expected a number{bounds} as {column}, found {row[column]!r}")
    return value
