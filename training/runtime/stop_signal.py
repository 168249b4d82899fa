"""The wish that a run should stop."""

import signal
import time
from typing import Any, Self


class StopSignal:
    """True once SIGTERM or SIGINT has arrived, or the time is over; the step in progress is finished first.

    It listens while it is entered, and then gives the signals back to whoever had them.
    """

    def __init__(self, minutes: float | None = None) -> None:
        self._deadline = float("inf") if minutes is None else time.monotonic() + 60 * minutes
        self._told = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, *_: object) -> None:
        self._told = True

    def __call__(self) -> bool:
        return self._told or time.monotonic() > self._deadline
