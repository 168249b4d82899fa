"""The client of a queue: sends calls to its workers and awaits their answers."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from model.errors import Unavailable
from worker.backlog import Backlog
from worker.in_flight import InFlight
from worker.queue.celery_app import create_celery
from worker.queue.connections import connect_async
from worker.queue.dispatcher import Dispatcher
from worker.queue.payload_budget import PayloadBudget
from worker.queue.worker_registry import WorkerRegistry

MAX_BYTES = 256 * 2**20
"""Of the calls of one process that wait for their answers."""


def no_worker(queue: str) -> str:
    """The sentence that says that nobody answers a queue."""
    return f"No {queue} worker answers; start one with `facet worker --queues {queue}`."


class QueueClient:
    """Asks the workers of one queue. All calls come from one event loop."""

    def __init__(
        self, redis_url: str, queue: str, *, timeout: float, max_batch: int, max_queue: int, max_bytes: int = MAX_BYTES
    ) -> None:
        """Nothing is connected before `start`.

        Calls of up to `max_batch` things travel together. A call is given up after `timeout` seconds, and refused at
        once where `max_queue` things or `max_bytes` of this process wait, or so many that it could not be answered in
        that time, or where Redis has no room.
        """
        self._url = redis_url
        self._queue = queue
        self._timeout = timeout
        self._max_batch = max_batch
        self._max_bytes = max_bytes
        self._backlog = Backlog(max_queue, max_wait=timeout)
        self._in_flight = InFlight()
        self._started: tuple[Redis, WorkerRegistry, Dispatcher] | None = None
        self._parts: dict[str, WorkerRegistry] = {}
        """The registries of queues that only some of the workers answer, such as those of one model."""

    async def start(self) -> None:
        """Begin to listen for answers; whether anybody answers is what `ready` says."""
        redis = connect_async(self._url)
        registry = WorkerRegistry(redis, self._queue)
        celery = create_celery(self._url)
        budget = PayloadBudget(redis, self._max_bytes)
        dispatcher = Dispatcher(celery, redis, registry, self._queue, self._max_batch, budget)
        dispatcher.start()
        self._in_flight.publish(self._queue)
        self._started = redis, registry, dispatcher

    async def close(self) -> None:
        """Refuse what is not answered yet."""
        if self._started is not None:
            redis, _, dispatcher = self._started
            self._started = None
            await dispatcher.close()
            await redis.aclose()

    async def ready(self) -> str | None:
        """None when calls can be answered, else the sentence that says what is missing."""
        try:
            _, registry, _ = self._connection()
            return None if await registry.read() else no_worker(self._queue)
        except Unavailable as error:
            return error.message

    async def workers(self, *, now: bool = False) -> Mapping[str, object]:
        """What each worker says of itself, at least one; not older than a beat, or of now.

        Raises Unavailable if there is none.
        """
        _, registry, _ = self._connection()
        members = await (registry.read() if now else registry.members())
        if not members:
            raise Unavailable(no_worker(self._queue), part="worker")
        return members

    async def answered(self, queue: str) -> bool:
        """Whether some of the workers answer another queue too. Raises Unavailable."""
        redis, _, _ = self._connection()
        return bool(await self._parts.setdefault(queue, WorkerRegistry(redis, queue)).members())

    async def ask(self, method: str, size: int, arguments: dict[str, Any], queue: str | None = None) -> Any:
        """What a worker answers to a call of `size` things; one of those who answer another `queue` too, if named.

        Raises the domain error that the worker met, Busy when the call's turn would come too late, Unavailable when
        Redis or the workers do not answer, and CrashedWorker.
        """
        await self.workers()
        _, _, dispatcher = self._connection()
        self._backlog.enter(size)
        try:
            with self._in_flight.call():
                return await dispatcher.ask(method, arguments, size, self._timeout, queue)
        finally:
            for _ in range(size):
                self._backlog.leave()

    def _connection(self) -> tuple[Redis, WorkerRegistry, Dispatcher]:
        if self._started is None:
            raise Unavailable("The service is starting or stopping; try again soon.")
        return self._started
