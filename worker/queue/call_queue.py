"""The queue of calls that wait to be sent, and which of them go into one task."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from worker.trace_context import Carrier

BATCH_BYTES = 16 * 2**20
"""Of the calls of one task together; a larger call is sent alone."""


@dataclass(eq=False)
class Call:
    """One call that somebody awaits."""

    method: str
    arguments: bytes
    """Packed."""
    size: int
    """Pictures or faces that it asks for."""
    deadline: float
    """In the event loop's time."""
    answer: asyncio.Future[Any]
    """A FacetError here is the call's failure."""
    context: Carrier = field(default_factory=dict)
    """The trace context of the request that it is made for."""
    queue: str = ""
    """Of the workers who may answer it."""

    def goes_with(self, other: "Call") -> bool:
        """Whether one task may carry both."""
        return (self.method, self.queue) == (other.method, other.queue)

    def resolve(self, answer: Any) -> None:
        """Answer the call, unless it is answered or its caller has gone."""
        if not self.answer.done():
            self.answer.set_result(answer)


class CallQueue:
    """A queue of calls, taken out in batches."""

    def __init__(self, max_batch: int) -> None:
        """A batch is one call of any size, or several of at most `max_batch` pictures and BATCH_BYTES together."""
        self._max_batch = max_batch
        self._calls: deque[Call] = deque()
        self._arrived = asyncio.Event()

    def put(self, call: Call) -> None:
        """Add a call at the end."""
        self._calls.append(call)
        self._arrived.set()

    async def take(self) -> list[Call]:
        """Wait for calls; then the first, and those of the same method and queue that fit with it."""
        while not (batch := self._batch()):
            self._arrived.clear()
            await self._arrived.wait()
        return batch

    def drain(self) -> list[Call]:
        """Every call that is left."""
        left, self._calls = list(self._calls), deque()
        return left

    def _batch(self) -> list[Call]:
        batch: list[Call] = []
        others: deque[Call] = deque()
        size = length = 0
        for call in self._calls:
            if call.answer.done():
                continue
            fits = size + call.size <= self._max_batch and length + len(call.arguments) <= BATCH_BYTES
            if not batch or (fits and call.goes_with(batch[0])):
                batch.append(call)
                size += call.size
                length += len(call.arguments)
            else:
                others.append(call)
        self._calls = others
        return batch
