"""Which workers of a queue live, as an API process sees it."""

import time
from collections.abc import Mapping
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import Unavailable
from worker.keys import BEAT_SECONDS, worker_key, workers_key
from worker.wire import unpack


class Fleet:
    """The workers of one queue and what each says of itself."""

    def __init__(self, redis: Redis, queue: str) -> None:
        self._redis = redis
        self._queue = queue
        self._members: Mapping[str, object] = {}
        self._read = -BEAT_SECONDS

    async def members(self) -> Mapping[str, object]:
        """What each living worker says of itself, by its id, not older than a beat. Raises Unavailable."""
        if time.monotonic() - self._read < BEAT_SECONDS:
            return self._members
        return await self.read()

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
        said = cast(list[bytes | None], await self._redis.mget([worker_key(id) for id in ids]))
        lost = [id for id, about in zip(ids, said, strict=True) if about is None]
        if lost:
            await self._redis.srem(workers_key(self._queue), *lost)
        return {id: unpack(about) for id, about in zip(ids, said, strict=True) if about is not None}
