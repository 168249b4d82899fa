"""Rate limits of API keys."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from service.security.api_key import Key

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

_SECONDS = 1.0
"""How long Redis may take to answer before this process counts by itself."""


@dataclass(frozen=True)
class Allowance:
    """The state of a key's rate limit at a request."""

    granted: bool
    limit: int
    """Requests a minute."""
    remaining: int
    reset: int
    """Whole seconds until the oldest request of the last minute counts no more."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields of the IETF's draft-ietf-httpapi-ratelimit-headers-07."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class RateLimits:
    """Counts requests in a moving window of a minute, for all processes together where they share a Redis.

    While Redis does not answer each process counts by itself.
    """

    def __init__(self, default: int, redis_url: str | None = None) -> None:
        """`default` is what a key without a rate of its own may ask a minute."""
        self._default = default
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared = self._alone
        self._pool: ConnectionPool | None = None
        if redis_url is not None:
            # Only a distributed deployment has it installed.
            from redis.asyncio import ConnectionPool as Pool

            self._pool = Pool.from_url(redis_url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS)
            storage = RedisStorage(
                redis_url,
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix="facet:rate",
                connection_pool=self._pool,  # type: ignore[arg-type]  # the annotation forgets it
            )
            self._shared = MovingWindowRateLimiter(storage)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def take(self, key: Key) -> Allowance:
        """Count one request of a key, if it is granted."""
        try:
            return await self._take(self._shared, key)
        except StorageError:
            return await self._take(self._alone, key)

    async def _take(self, limiter: MovingWindowRateLimiter, key: Key) -> Allowance:
        item = RateLimitItemPerMinute(key.rate or self._default)
        granted = await limiter.hit(item, key.id)
        stats = await limiter.get_window_stats(item, key.id)
        return Allowance(granted, item.amount, stats.remaining, max(1, math.ceil(stats.reset_time - time.time())))
