"""The worker registry in Redis, as an API process reads it: which workers of a queue live."""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import Unavailable
from worker.queue.codec import unpack
from worker.queue.redis_keys import BEAT_SECONDS, GRACE_SECONDS, about_of, worker_key, workers_key

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
        self._about: dict[str, object] = {}
        """What workers say of themselves, by the digits that those have in common who say the same."""
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

    async def lost(self, ids: Collection[str]) -> set[str]:
        """Those of some workers that live no more. Raises RedisError."""
        if not ids:
            return set()
        async with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.exists(worker_key(id))
            pipe.pubsub_numsub(*map(worker_key, ids))
            *beating, listening = await pipe.execute()
        gone = self._gone(ids, [count for _, count in listening])
        return gone | {id for id, beats in zip(ids, beating, strict=True) if not beats}

    async def _living(self) -> Mapping[str, object]:
        members = cast(set[bytes], await self._redis.smembers(workers_key(self._queue)))
        if not members:
            return {}
        ids = sorted(member.decode() for member in members)
        lost = await self.lost(ids)
        await self._read_new(id for id in ids if id not in lost)
        if lost:
            await self._redis.srem(workers_key(self._queue), *lost)
        self._absent = {id: since for id, since in self._absent.items() if id in ids}
        self._about = {about_of(id): self._about[about_of(id)] for id in ids if about_of(id) in self._about}
        living = {id: self._about.get(about_of(id)) for id in ids if id not in lost}
        return {id: about for id, about in living.items() if about is not None}

    async def _read_new(self, ids: Iterable[str]) -> None:
        """Read what workers say of themselves, where none that says the same was read before."""
        new = {about_of(id): id for id in ids if about_of(id) not in self._about}
        if new:
            said = cast(list[bytes | None], await self._redis.mget([worker_key(id) for id in new.values()]))
            for (digits, id), about in zip(new.items(), said, strict=True):
                if about is not None:
                    self._about[digits] = self._read_about(id, about)

    def _read_about(self, id: str, about: bytes) -> object:
        """What a worker says of itself; None where it cannot be read, and the worker is as good as none."""
        try:
            return cast(object, unpack(about))
        except ValueError as error:
            logger.warning("the worker %s cannot be understood: %s", id, error)
            return None

    def _gone(self, ids: Collection[str], listening: Sequence[int]) -> set[str]:
        """Those of some workers that have been without a subscription for too long."""
        now = time.monotonic()
        for id, count in zip(ids, listening, strict=True):
            if count:
                self._absent.pop(id, None)
            else:
                self._absent.setdefault(id, now)
        return {id for id in ids if now - self._absent.get(id, now) >= GRACE_SECONDS}
