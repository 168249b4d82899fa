"""What a part of the measurement is given, and what it gives: rows of figures, one as soon as it is known."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Row = dict[str, str | float]
Rows = Iterator[Row]


@dataclass(frozen=True)
class Task:
    """Where a part measures, how large, and how long it has."""

    device: str
    tiny: bool = False
    """The smallest sizes, with which every line runs once and no figure means anything."""
    seconds: float = 60.0
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the part should be done."""
        return self.begun + self.seconds - time.monotonic()

    @property
    def each(self) -> float:
        """Seconds that a single measurement takes."""
        return 0.01 if self.tiny else 0.25


Part = Callable[[Task], Rows]


class Skipped(Exception):
    """A part has nothing to measure here, and says why."""
