"""Stores the answers to tasks in Redis, those that are done at the same moment together."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import msgpack
from redis import Redis, RedisError

from worker.queue.celery_app import RESULT_SECONDS
from worker.queue.redis_keys import claim_key, claims_key, payload_key, result_key
from worker.queue.tasks.messages import Message

STORE = f"""
for each = 2, #ARGV, 2 do
    local id, result = ARGV[each], ARGV[each + 1]
    local process, number = string.match(id, '^(.*)%.(.*)$')
    if result ~= '' then
        redis.call('SET', '{result_key("")}' .. id, result, 'EX', ARGV[1])
        redis.call('PUBLISH', '{result_key("")}' .. id, result)
    end
    redis.call('HDEL', '{claims_key(".")}' .. process, number)
    redis.call('UNLINK', '{payload_key("")}' .. id)
end
"""
"""Stores and publishes results, and deletes what is left of their tasks: one command where there were four for each."""

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
        self._script = redis.register_script(STORE)
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
        results = [(message, b"" if result is None else _packed(message, result)) for message, result in batch]
        present: list[str | bytes] = []
        for message, packed in results:
            present += [message.task_id, packed] if message.queued is not None else []
        if present:
            self._script(args=[RESULT_SECONDS, *present])
        for message, packed in results:
            if message.queued is None:
                self._write_for_version_before(message, packed)

    def _write_for_version_before(self, message: Message, packed: bytes) -> None:
        with self._redis.pipeline() as pipe:
            if packed:
                pipe.set(result_key(message.task_id), packed, ex=RESULT_SECONDS)
                pipe.publish(result_key(message.task_id), packed)
            if message.alone:
                pipe.delete(claim_key(message.task_id))
            pipe.execute()


def _packed(message: Message, result: Result) -> bytes:
    packed: bytes = msgpack.packb({"status": result.status, "result": result.value, "task_id": message.task_id})
    return packed
