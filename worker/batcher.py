"""The threads that own the device, and the queue before them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from model.errors import Unavailable
from worker.backlog import Backlog
from worker.stages import BATCH_SIZE, seconds

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 16
"""Items below which a batch is not split, nor begun while another thread runs one: they would cost nearly as much as
so many, and more of them are on their way."""
MANY = 8
"""Callers known to come from which on patient items wait for so many."""


class Batcher(Generic[Item, Result]):
    """Gathers items from many callers into batches for a function that some threads call.

    Each time a thread is free it takes its part of what waits, up to the batch limit. There is no timer: an item that
    comes alone runs at once, and under load batches fill by themselves. Only items whose callers are patient wait for
    others, of callers who have said that they will come.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], list[Result]],
        max_batch: int,
        backlog: Backlog,
        lanes: int = 1,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """`run` gives one result for each item of a batch, in order. Each of the `lanes` threads calls `begin`."""
        self._run = run
        self._begin = begin
        self._max_batch = max_batch
        self._backlog = backlog
        self._waiting: deque[tuple[Item, Future[Result], float, bool]] = deque()
        self._urgent = 0
        """Waiting items whose callers are not patient."""
        self._coming = 0
        self._changed = threading.Condition()
        self._closing = False
        self._begun = dict[int, float]()
        """When each thread that runs a batch began with it."""
        self._running = lanes
        """Threads that do not wait; each begins as if it had just run a batch."""
        self._threads = [threading.Thread(target=self._work, name="device", daemon=True) for _ in range(lanes)]
        for thread in self._threads:
            thread.start()

    def submit(self, item: Item) -> Future[Result]:
        """Queue an item. Raises what `submit_all` raises."""
        return self.submit_all([item])[0]

    def submit_all(self, items: Sequence[Item], patient: bool = False) -> list[Future[Result]]:
        """Queue some items together; a future that is cancelled before its batch starts costs nothing.

        Raises Busy when the queue is full, and Unavailable after `close`.
        """
        futures: list[Future[Result]] = [Future() for _ in items]
        with self._changed:
            if self._closing:
                raise Unavailable("The service is stopping; try again soon.")
            self._backlog.enter(len(items))
            now = time.monotonic()
            for item, future in zip(items, futures, strict=True):
                future.add_done_callback(lambda _: self._backlog.leave())
                self._waiting.append((item, future, now, patient))
            self._urgent += 0 if patient else len(items)
            self._wake()
        return futures

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Tell that a caller will submit items soon after what it does inside, which waits for nobody."""
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

    def _take(self) -> list[tuple[Item, Future[Result]]]:
        """Wait for items and take a thread's part of those that nobody cancelled; empty when closed and drained."""
        batch: list[tuple[Item, Future[Result]]] = []
        with self._changed:
            self._running -= 1
            while not batch:
                self._changed.wait_for(self._due)
                if not self._waiting:
                    break
                part = min(max(-(-len(self._waiting) // len(self._threads)), FEW), self._max_batch)
                while self._waiting and len(batch) < part:
                    item, future, since, patient = self._waiting.popleft()
                    self._urgent -= not patient
                    if future.set_running_or_notify_cancel():
                        seconds("queue").observe(time.monotonic() - since)
                        batch.append((item, future))
            self._running += 1
            self._wake()
        return batch

    def _wake(self) -> None:
        """Have as many free threads look at what waits as have something to do there."""
        if self._waiting and self._due():
            self._changed.notify(-(-len(self._waiting) // FEW))

    def _due(self) -> bool:
        """Whether a free thread should not wait for more."""
        several = MANY if self._coming >= MANY and not self._urgent else 1
        return self._closing or len(self._waiting) >= (FEW if self._running else several)

    def _answer(self, batch: list[tuple[Item, Future[Result]]]) -> None:
        BATCH_SIZE.observe(len(batch))
        thread = threading.get_ident()
        self._begun[thread] = time.monotonic()
        try:
            with seconds("network").time():
                results = self._run([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"a batch of {len(batch)} gave {len(results)} results")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the callers' and must not end the thread
            self._blame(batch, error)
            return
        finally:
            self._begun.pop(thread, None)
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)

    def _blame(self, batch: list[tuple[Item, Future[Result]]], error: Exception) -> None:
        """Give an error to the one item it belongs to: the items of a failed batch run again, each alone."""
        if len(batch) == 1:
            batch[0][1].set_exception(error)
            return
        for entry in batch:
            self._answer([entry])
