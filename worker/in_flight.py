"""Calls in flight: those that have come and are not answered yet."""

import time

from prometheus_client import Gauge

QUEUE_DEPTH = Gauge("facet_queue_depth", "Calls that are not answered yet", ["queue"])
QUEUE_AGE = Gauge("facet_queue_age_seconds", "Time since the oldest call came that is not answered yet", ["queue"])


class InFlight:
    """Counts calls in flight, and tells the age of the oldest. One thread enters calls; any may read."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}

    def publish(self, queue: str) -> None:
        """Show these calls in the metrics, as those of a queue of this process."""
        QUEUE_DEPTH.labels(queue).set_function(lambda: len(self))
        QUEUE_AGE.labels(queue).set_function(lambda: self.age)

    def call(self) -> "_Call":
        """Count what happens inside as one call."""
        return _Call(self._since)

    def __len__(self) -> int:
        return len(self._since)

    @property
    def age(self) -> float:
        """Seconds since the oldest call came; 0 where there is none."""
        # Copied in one step, because another thread may change it; dictionaries keep the order of arrival.
        times = list(self._since.values())
        return time.monotonic() - times[0] if times else 0.0


class _Call:
    __slots__ = ("_since",)

    def __init__(self, since: dict[object, float]) -> None:
        self._since = since

    def __enter__(self) -> None:
        self._since[self] = time.monotonic()

    def __exit__(self, *_: object) -> None:
        del self._since[self]
