"""Batching: the threads that own the device, and the queue of items before them."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

from model.errors import Unavailable
from worker.backlog import Backlog
from worker.stage_timing import BATCH_SIZE, seconds

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 16
"""A batch of fewer items is not split among threads, nor begun while another thread runs one: it costs nearly as much
as one of so many, and more items are on their way."""
MANY = 8
"""Where at least so many callers have announced items, patient items wait until so many are queued."""

logger = logging.getLogger("facet.worker")


def _failed(cause: Exception | None = None) -> Unavailable:
    failed = Unavailable("The model's device has failed; the process is started anew. Try again soon.", retry_after=5)
    failed.__cause__ = cause
    return failed


class _Order(Generic[Result]):
    """The items of one call of `Batcher.run`, and the results that are there."""

    def __init__(self, count: int, patient: bool) -> None:
        self.patient = patient
        self.results: list[Any] = [None] * count
        self.missing = count
        self.error: Exception | None = None
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[list[Result]] = self.loop.create_future()


class _Waiting(NamedTuple, Generic[Item, Result]):
    """One item of an order."""

    item: Item
    order: _Order[Result]
    place: int
    since: float


class Batcher(Generic[Item, Result]):
    """Gathers items from many callers into batches for a function that some threads call.

    Each time a thread is free it takes its share of the queued items, up to the batch limit. There is no timer: an item
    that comes alone runs at once, and under load batches fill by themselves. Only patient items wait for others, namely
    for those that callers have announced by `coming`.

    Callers wait on one event loop, which a batch wakes once for all of them.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], list[Result]],
        max_batch: int,
        backlog: Backlog,
        lanes: int = 1,
        begin: Callable[[], None] = lambda: None,
        test: Callable[[], None] = lambda: None,
    ) -> None:
        """`run` gives one result for each item of a batch, in order. Each of the `lanes` threads calls `begin`.

        Where every item of a batch fails, `test` is called; an error of it means that every other item would fail too.
        """
        self._run = run
        self._begin = begin
        self._test = test
        self.broken = False
        """Whether `test` has failed: from then on every item is refused."""
        self._max_batch = max_batch
        self._backlog = backlog
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._urgent = 0
        """Queued items that are not patient."""
        self._coming = 0
        self._changed = threading.Condition()
        self._closing = False
        self._begun = dict[int, float]()
        """When each thread, by its identity, began the batch that it runs."""
        self._running = lanes
        """Threads that run a batch; each counts as one when it is started."""
        self._threads = [threading.Thread(target=self._work, name="device", daemon=True) for _ in range(lanes)]
        for thread in self._threads:
            thread.start()

    async def run(self, items: Sequence[Item], patient: bool = False) -> list[Result]:
        """The results of some items, queued together. If cancelled, items whose batch has not begun leave the queue.

        Raises Busy when the queue is full, Unavailable after `close`, and the error that an item met by itself.
        """
        if not items:
            return []
        order = _Order[Result](len(items), patient)
        self._queue(items, order)
        try:
            return await order.done
        finally:
            if order.missing:
                self._give_up(order)

    def _queue(self, items: Sequence[Item], order: _Order[Result]) -> None:
        with self._changed:
            if self._closing:
                raise Unavailable("The service is stopping; try again soon.")
            if self.broken:
                raise _failed()
            self._backlog.enter(len(items))
            now = time.monotonic()
            self._waiting.extend(_Waiting(item, order, place, now) for place, item in enumerate(items))
            self._urgent += 0 if order.patient else len(items)
            self._wake()

    def _give_up(self, order: _Order[Result]) -> None:
        with self._changed:
            before = len(self._waiting)
            self._waiting = deque(entry for entry in self._waiting if entry.order is not order)
            dropped = before - len(self._waiting)
            self._urgent -= 0 if order.patient else dropped
        self._backlog.leave(dropped)

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Announce that the caller will submit items soon after what it does inside, which must not wait for others."""
        with self._changed:
            self._coming += 1
        try:
            yield
        finally:
            with self._changed:
                self._coming -= 1
                self._wake()

    def busy_seconds(self) -> float:
        """How long the oldest batch that runs has been running; 0 where none runs."""
        now = time.monotonic()
        return now - min(list(self._begun.values()), default=now)

    def close(self) -> None:
        """Refuse new items and return when the queued ones are done."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        self._begin()
        while batch := self._take():
            self._answer(batch)

    def _take(self) -> list[_Waiting[Item, Result]]:
        """Wait for items and take one thread's share of them; empty when closed and drained."""
        with self._changed:
            self._running -= 1
            self._changed.wait_for(self._due)
            part = min(max(-(-len(self._waiting) // len(self._threads)), FEW), self._max_batch, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(part)]
            self._urgent -= sum(not entry.order.patient for entry in batch)
            self._running += 1
            self._wake()
        now = time.monotonic()
        for entry in batch:
            seconds("queue").observe(now - entry.since)
        return batch

    def _wake(self) -> None:
        """Wake as many free threads as the queued items are for."""
        if self._waiting and self._due():
            self._changed.notify(-(-len(self._waiting) // FEW))

    def _due(self) -> bool:
        """Whether a free thread should begin a batch now."""
        several = MANY if self._coming >= MANY and not self._urgent else 1
        return self._closing or len(self._waiting) >= (FEW if self._running else several)

    def _answer(self, batch: list[_Waiting[Item, Result]]) -> None:
        BATCH_SIZE.observe(len(batch))
        thread = threading.get_ident()
        self._begun[thread] = time.monotonic()
        try:
            outcomes = self._tested([entry.item for entry in batch])
        finally:
            self._begun.pop(thread, None)
        loop = batch[0].order.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, batch, outcomes)

    def _tested(self, items: list[Item]) -> list[tuple[Result | None, Exception | None]]:
        """The outcomes of items. Where all fail, `test` tells whether the items are to blame or the device."""
        if not self.broken:
            outcomes = self._outcomes(items)
            if any(error is None for _, error in outcomes):
                return outcomes
            try:
                self._test()
            except Exception as error:  # whatever it is, what is asked next would meet it too
                logger.critical("what runs batches has failed: the test of it fails too", exc_info=True)
                self.broken = True
                return [(None, _failed(error)) for _ in items]
            return outcomes
        return [(None, _failed()) for _ in items]

    def _outcomes(self, items: list[Item]) -> list[tuple[Result | None, Exception | None]]:
        """The result or the error of each item. Those of a batch that fails run again, each alone."""
        try:
            with seconds("network").time():
                results = self._run(items)
            if len(results) != len(items):
                raise RuntimeError(f"a batch of {len(items)} gave {len(results)} results")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the callers' and must not end the thread
            if len(items) == 1:
                return [(None, error)]
            return [outcome for item in items for outcome in self._outcomes([item])]
        return [(result, None) for result in results]

    def _deliver(
        self, batch: list[_Waiting[Item, Result]], outcomes: list[tuple[Result | None, Exception | None]]
    ) -> None:
        """On the event loop: give the outcomes of a batch to the callers."""
        self._backlog.leave(len(batch))
        for (_, order, place, _), (result, error) in zip(batch, outcomes, strict=True):
            order.results[place] = result
            order.error = order.error or error
            order.missing -= 1
            if not order.missing and not order.done.done():
                if order.error is None:
                    order.done.set_result(order.results)
                else:
                    order.done.set_exception(order.error)
