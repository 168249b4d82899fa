"""A gallery whose searches are done by search workers, over the queue."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from anyio.from_thread import check_cancelled

from gallery.base_gallery import BaseGallery
from gallery.query import Query, Results
from worker.queue.client import QueueClient
from worker.queue_names import SEARCH_QUEUE

LOOK_SECONDS = 0.25
"""How often a thread that waits for an answer checks whether its request was cancelled."""


class RemoteGallery(BaseGallery):
    """Writes to the database itself, and has search workers find what is there; it holds no index.

    Beside what any gallery raises, searches raise Busy when their turn would come too late, and Unavailable when Redis
    or the workers do not answer. Those of a request whose caller has gone are dropped.
    """

    def __init__(self, url: str, redis_url: str, *, timeout: float, max_batch: int, max_queue: int) -> None:
        """Open the database at a SQLAlchemy URL; the limits, in queries, are those of `QueueClient`."""
        super().__init__(url)
        self._queue = QueueClient(redis_url, SEARCH_QUEUE, timeout=timeout, max_batch=max_batch, max_queue=max_queue)
        # Galleries are asked from many threads; the queue's client lives on one event loop.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="search-client", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._queue.start(), self._loop).result()

    def close(self) -> None:
        """Refuse what is not answered yet, and close the database."""
        asyncio.run_coroutine_threadsafe(self._queue.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        super().close()

    def census(self) -> dict[str, int]:
        """How many faces each model made, by its id."""
        return cast(dict[str, int], self._ask("census", 1, {}))

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        """The answer to each query, all of one state of the gallery, which has every write before this call."""
        found = cast(list[Results], self._ask("search", max(len(queries), 1), {"queries": list(queries)}))
        return [_good_enough(query, results) for query, results in zip(queries, found, strict=True)]

    def _ask(self, method: str, size: int, arguments: dict[str, Any]) -> Any:
        asked = self._queue.ask(method, size, {**arguments, "at_least": self.sequence()})
        answer = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            while not wait([answer], LOOK_SECONDS).done:
                _check_caller()
        finally:
            answer.cancel()
        return answer.result()


def _good_enough(query: Query, results: Results) -> Results:
    """The answer to a query without the faces that a worker of the version before lets pass `min_quality`."""
    return replace(results, matches=[match for match in results.matches if query.is_good(match.face.quality)])


def _check_caller() -> None:
    """Raises AnyIO's error of cancelled work where this thread works for a request whose client has disconnected."""
    with suppress(RuntimeError):  # no thread of AnyIO, and so of no request
        check_cancelled()
