"""The result channel: one subscription brings the results of all tasks of this process."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import msgpack
from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import FacetError, Unavailable
from worker.queue.redis_keys import result_key

RECONNECT_SECONDS = 0.2
LISTEN_SECONDS = 1.0

logger = logging.getLogger("facet.client")


class ResultChannel:
    """Gives out task ids with a common prefix, and subscribes to the results of all ids with that prefix."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._name = uuid.uuid4().hex[:12]
        self._sent = 0
        self._awaited: dict[str, asyncio.Future[bytes]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to listen; without Redis, as soon as it answers."""
        self._listener = asyncio.create_task(self._listen(), name="results")

    async def close(self) -> None:
        """Stop listening."""
        self._closing = True
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener

    def expect(self) -> tuple[str, asyncio.Future[bytes]]:
        """A new task id, and what its task will return. A future that is cancelled is forgotten."""
        self._sent += 1
        task_id = f"{self._name}.{self._sent}"
        future = asyncio.get_running_loop().create_future()
        self._awaited[task_id] = future
        future.add_done_callback(lambda _: self._awaited.pop(task_id, None))
        return task_id, future

    def fail(self, task_id: str, error: FacetError) -> None:
        """Answer a task with an error, unless it is answered already."""
        future = self._awaited.get(task_id)
        if future is not None and not future.done():
            future.set_exception(error)

    def deliver(self, task_id: str, message: bytes) -> None:
        """Answer a task with the message that Celery stored and published, unless it is answered already."""
        future = self._awaited.get(task_id)
        if future is None or future.done():
            return
        meta = msgpack.unpackb(message)
        if meta["status"] == "SUCCESS":
            future.set_result(meta["result"])
        else:
            logger.error("task %s failed in its worker: %s", task_id, meta["result"])
            future.set_exception(Unavailable("A worker could not do its work; try again soon."))

    async def fetch(self, task_ids: Sequence[str]) -> set[str]:
        """Read the stored results of some tasks, in case their messages were missed; gives those that had any.

        Raises RedisError.
        """
        if not task_ids:
            return set()
        stored = cast(list[bytes | None], await self._redis.mget([result_key(task_id) for task_id in task_ids]))
        for task_id, message in zip(task_ids, stored, strict=True):
            if message is not None:
                self.deliver(task_id, message)
        return {task_id for task_id, message in zip(task_ids, stored, strict=True) if message is not None}

    async def _listen(self) -> None:
        # Redis' client may swallow a cancellation, and fail instead.
        while not self._closing:
            try:
                await self._subscription()
            except (RedisError, OSError) as error:
                logger.warning("the subscription to results was lost: %s", error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscription(self) -> None:
        prefix = len(result_key(""))
        async with self._redis.pubsub() as channel:
            await channel.psubscribe(result_key(f"{self._name}.*"))
            while True:
                message = await channel.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    # What was published before this moment went unheard.
                    await self.fetch(list(self._awaited))
                elif message["type"] == "pmessage":
                    self.deliver(message["channel"].decode()[prefix:], message["data"])
