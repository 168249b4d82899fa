"""Limits the bytes of calls in Redis, so that answers and heartbeats always find room."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import Busy
from worker.backlog import Backlog

SHARE = 0.5
"""Of Redis' memory limit, the share that may be in use when a call is sent. The rest is for answers, and for calls that
other processes send at the same moment."""
LOOK_SECONDS = 1.0
"""How often Redis is asked for its memory, at most."""

logger = logging.getLogger("facet.client")


class PayloadBudget:
    """Admits calls by their bytes. All calls come from one event loop."""

    def __init__(self, redis: Redis, limit: int) -> None:
        """`limit` bytes of this process's own calls, whatever room Redis has."""
        self._redis = redis
        self._backlog = Backlog(limit)
        self._left: float | None = None
        """Bytes that Redis had left for calls when it was last asked; None where its memory has no limit."""
        self._sent = 0
        """Bytes that were admitted since, or that were not there yet."""
        self._under_way: dict[object, int] = {}
        """The bytes of calls that were admitted and are not in Redis yet."""
        self._looked = -LOOK_SECONDS
        self._looking = asyncio.Lock()

    @asynccontextmanager
    async def holding(self, call: object, size: int) -> AsyncIterator[None]:
        """Hold the bytes of a call. Raises Busy where there is no room for them now."""
        async with self._looking:
            await self._look()
        if self._left is not None and self._sent + size > self._left:
            raise Busy("Too much waits in Redis; try again in 1 s.", retry_after=1)
        self._backlog.enter(size)
        self._sent += size
        self._under_way[call] = size
        try:
            yield
        finally:
            self.arrived([call])
            self._backlog.leave(size)

    def arrived(self, calls: Iterable[object]) -> None:
        """Calls are in Redis, whose own count of its memory holds them from here on."""
        for call in calls:
            self._under_way.pop(call, None)

    async def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            memory = await self._redis.info("memory")
        except RedisError as error:
            # Who sends the call will find out whether Redis is there.
            logger.warning("Redis does not tell how much room it has: %s", error)
            return
        most = memory.get("maxmemory", 0)
        self._left = SHARE * most - memory["used_memory"] if most else None
        self._sent = sum(self._under_way.values())
