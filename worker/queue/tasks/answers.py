"""Stores the answers to tasks in Redis, those that are done at the same moment together."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import msgpack
from redis import Redis, RedisError

from worker.queue.celery_app import RESULT_SECONDS
from worker.queue.redis_keys import claim_key, claims_key, number_of, payload_key, result_key
from worker.queue.tasks.messages import Message

logger = logging.getLogger("facet.worker")


class Result(NamedTuple):
    """What became of a task, as Celery calls it."""

    value: bytes | str
    """The packed answers, or what went wrong."""
    status: Literal["SUCCESS", "FAILURE"] = "SUCCESS"


class Answers:
    """Stores and publishes answers in the form of Celery's results. All calls come from one event loop."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[Message, Result | None, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")

    async def store(self, message: Message, result: Result | None) -> None:
        """Give the result of a task to whoever asked, and withdraw its claim; return when it is done.

        None is of a task that was given up. Without Redis nobody can be answered, and the log says so.
        """
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((message, result, stored))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await stored

    def close(self) -> None:
        """End the thread, when everything is stored."""
        self._thread.shutdown()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._thread, self._write, [entry[:2] for entry in batch])
            except RedisError as error:
                logger.warning("%d tasks could not be answered: %s", len(batch), error)
            for _, _, stored in batch:
                stored.set_result(None)

    def _write(self, batch: list[tuple[Message, Result | None]]) -> None:
        with self._redis.pipeline() as pipe:
            for message, result in batch:
                task_id = message.task_id
                if result is not None:
                    meta = msgpack.packb({"status": result.status, "result": result.value, "task_id": task_id})
                    pipe.set(result_key(task_id), meta, ex=RESULT_SECONDS)
                    pipe.publish(result_key(task_id), meta)
                if message.queued is not None:
                    pipe.hdel(claims_key(task_id), number_of(task_id))
                    pipe.unlink(payload_key(task_id))
                elif message.alone:
                    pipe.delete(claim_key(task_id))
            pipe.execute()
