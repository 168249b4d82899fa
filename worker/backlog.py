"""Admission control: counts unfinished work, and refuses more beyond a limit."""

import math
import threading
import time

from model.errors import Busy

MIN_WAIT = 1
MAX_WAIT = 60
"""Bounds of the advice when to try again, in seconds."""
MEMORY = 0.99
"""The weight of the past in the measured throughput, for each thing finished."""


class Backlog:
    """Counts things (pictures, faces, bytes) that were admitted and are not finished. Safe for several threads."""

    def __init__(self, limit: int, max_wait: float = math.inf) -> None:
        """At most `limit` things, or as many as are finished in `max_wait` seconds at the measured throughput."""
        self._limit = limit
        self._max_wait = max_wait
        self._held = 0
        self._lock = threading.Lock()
        self._since = 0.0
        """When something was last finished, or first taken on after a pause."""
        self._seconds = 0.0
        self._finished = 0.0

    def enter(self, count: int = 1) -> None:
        """Admit `count` things together. While nothing else is unfinished, any number is admitted.

        Raises Busy, with the seconds until there should be room in `retry_after`.
        """
        with self._lock:
            self._require(count)
            if not self._held:
                self._since = time.monotonic()
            self._held += count

    def check(self, count: int = 1) -> None:
        """Raises what `enter` would raise, and admits nothing."""
        with self._lock:
            self._require(count)

    def leave(self, count: int = 1) -> None:
        """`count` things are finished, or were given up."""
        if not count:
            return
        with self._lock:
            now = time.monotonic()
            past = MEMORY**count
            # As if one were finished after the other, all but the first in no time.
            self._seconds = past * self._seconds + past / MEMORY * (now - self._since)
            self._finished = past * self._finished + (1.0 - past) / (1.0 - MEMORY)
            self._since = now
            self._held -= count

    def _require(self, count: int) -> None:
        excess = self._held + count - self._room()
        if self._held and excess > 0:
            wait = self._wait(excess)
            raise Busy(f"The service is busy; try again in {wait} s.", retry_after=wait)

    def _room(self) -> int:
        """How many things may be unfinished."""
        if self._max_wait * self._finished < self._limit * self._seconds:
            return int(self._max_wait * self._finished / self._seconds)
        return self._limit

    def _wait(self, count: int) -> int:
        """Whole seconds in which `count` things will be finished at the measured throughput."""
        expected = count * self._seconds / self._finished if self._finished else MIN_WAIT
        return min(max(math.ceil(expected), MIN_WAIT), MAX_WAIT)
