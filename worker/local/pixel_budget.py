"""Limits the pixels of decoded photographs in memory, and the threads that decode them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_MORE_THREADS, _MOST_THREADS = 4, 32
"""As `ThreadPoolExecutor` has them for the processors of the whole machine."""


class PixelBudget:
    """A number of pixels that threads share. A thread for whose pixels there is no room waits for its turn."""

    def __init__(self, most: int) -> None:
        """At most `most` pixels, or one picture of more while nothing else is held."""
        self._most, self._held = most, 0
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def held(self, count: int) -> Iterator[None]:
        """Hold so many while something happens inside."""
        # Whoever comes later waits behind the one whose turn it is, or many small pictures would keep a large one out.
        with self._turn, self._changed:
            self._changed.wait_for(lambda: not self._held or self._held + count <= self._most)
            self._held += count
        try:
            yield
        finally:
            with self._changed:
                self._held -= count
                self._changed.notify_all()


def decoding_threads(cgroup: Path = _CGROUP) -> int:
    """Threads that keep this process's share of the processors busy: what it may run on, and its container's limit."""
    share = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _container_limit(cgroup)
    if limit is not None:
        share = min(share, max(1, round(limit)))
    return min(share + _MORE_THREADS, _MOST_THREADS)


def _container_limit(cgroup: Path) -> float | None:
    """Processors that the container's control group (version 2, else 1) lets it use; None where it sets no limit."""
    files = [cgroup / "cpu.max"], [cgroup / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period")]
    for parts in files:
        try:
            quota, period = " ".join(part.read_text() for part in parts).split()
            return float(quota) / float(period) if float(quota) > 0 else None
        except (OSError, ValueError):
            # No such file, or the word "max".
            continue
    return None
