"""Limits the pixels of decoded photographs in memory, and the threads that decode them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from model.engine.processors import processors

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


def decoding_threads(beside_networks: bool) -> int:
    """Threads that keep this process's share of the processors busy.

    Where the networks run on the same processors, no more than there are: on two, six took a tenth of the rate of
    photographs and a tenth more processor time, as each waits for the interpreter that another holds. Beside a GPU
    there are more, for those that wait for it.
    """
    return min(processors() + (0 if beside_networks else _MORE_THREADS), _MOST_THREADS)
