"""Several batches under way on one device: while one is computed, others are copied there and back."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Slot(Protocol):
    """Where one batch is under way at a time."""

    def start(self, rows: Any) -> None:
        """Begin with some rows, and wait for nothing; `result` must have been called before the next."""

    def result(self) -> Array:
        """Wait for what was started, and return it."""


class SlotPool:
    """A function of batches `(n, ...)` over slots that any number of threads share.

    Batches larger than a slot takes are cut into pieces that follow each other through several slots.
    """

    def __init__(self, slots: Sequence[Slot], most: int, nothing: Array) -> None:
        """`most` rows fit into a slot; `nothing` is the result `(0, ...)` of no rows."""
        self._most, self._nothing = most, nothing
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)

    def __call__(self, rows: Array | Sequence[Any]) -> Array:
        """The results for some rows, or what becomes rows, in their order."""
        results: list[Array] = []
        running: deque[Slot] = deque()
        try:
            for start in range(0, len(rows), self._most):
                slot = self._slot(running, results)
                running.append(slot)
                slot.start(rows[start : start + self._most])
            while running:
                results.append(running[0].result())
                self._free.put(running.popleft())
        finally:
            for slot in running:  # after an error; whoever takes it next waits behind what it still does
                self._free.put(slot)
        return results[0] if len(results) == 1 else np.concatenate([self._nothing, *results])

    def _slot(self, running: deque[Slot], results: list[Array]) -> Slot:
        """A free slot. Who holds one waits for none of others: two that did would wait for each other."""
        if not running:
            return self._free.get()
        with suppress(Empty):
            return self._free.get_nowait()
        results.append(running[0].result())
        return running.popleft()
