"""The worker registry in Redis, as an API process reads it: which workers of a queue live."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import Unavailable
from worker.queue.codec import unpack
from worker.queue.redis_keys import BEAT_SECONDS, GRACE_SECONDS, worker_key, workers_key

logger = logging.getLogger("facet.client")


class WorkerRegistry:
    """The workers of one queue and what each says of itself."""

    def __init__(self, redis: Redis, queue: str) -> None:
        self._redis = redis
        self._queue = queue
        self._members: Mapping[str, object] = {}
        self._read = -BEAT_SECONDS
        self._reading: asyncio.Task[Mapping[str, object]] | None = None
        """What everybody waits for who asks meanwhile."""
        self._absent: dict[str, float] = {}
        """Since when a worker, by its id, has had no subscription."""

    async def members(self) -> Mapping[str, object]:
        """What each living worker says of itself, by its id, not older than a beat. Raises Unavailable.

        That there was none is not taken from memory: the first worker counts as soon as it is there.
        """
        if self._members and time.monotonic() - self._read < BEAT_SECONDS:
            return self._members
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self.read())
            # Whoever asked may be gone when it fails.
            self._reading.add_done_callback(lambda reading: reading.cancelled() or reading.exception())
        return await asyncio.shield(self._reading)

    async def read(self) -> Mapping[str, object]:
        """The members at this moment. Raises Unavailable if Redis does not answer."""
        try:
            self._members = await self._living()
        except RedisError as error:
            raise Unavailable("Redis does not answer; try again soon.", part="redis") from error
        self._read = time.monotonic()
        return self._members

    async def _living(self) -> Mapping[str, object]:
        members = cast(set[bytes], await self._redis.smembers(workers_key(self._queue)))
        if not members:
            return {}
        ids = sorted(member.decode() for member in members)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.mget([worker_key(id) for id in ids])
            pipe.pubsub_numsub(*(worker_key(id) for id in ids))
            said, listening = await pipe.execute()
        gone = self._gone({id for id, (_, count) in zip(ids, listening, strict=True) if not count})
        found = {id: about for id, about in zip(ids, said, strict=True) if about is not None and id not in gone}
        if len(found) < len(ids):
            await self._redis.srem(workers_key(self._queue), *set(ids) - found.keys())
        return {id: read for id, about in found.items() if (read := self._read_about(id, about)) is not None}

    def _read_about(self, id: str, about: bytes) -> object:
        """What a worker says of itself; None where it cannot be read, and the worker is as good as none."""
        try:
            return cast(object, unpack(about))
        except ValueError as error:
            logger.warning("the worker %s cannot be understood: %s", id, error)
            return None

    def _gone(self, absent: set[str]) -> set[str]:
        """Those of the workers without a subscription that have been so for too long."""
        now = time.monotonic()
        self._absent = {id: self._absent.get(id, now) for id in absent}
        return {id for id, since in self._absent.items() if now - since >= GRACE_SECONDS}
