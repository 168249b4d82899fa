"""Redis clients that retry, so that they survive a restart of Redis."""

from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

ATTEMPTS = 6
"""Of a command, within 1.6 s: a short restart of Redis, or a name that is not known for a moment, goes unnoticed."""
CONNECTIONS = 16
"""Of one event loop at a time, its subscriptions among them; commands beyond them wait for each other."""
WAIT_SECONDS = 10
_BACKOFF = ExponentialBackoff(cap=0.5, base=0.02)
_OPTIONS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 2, "health_check_interval": 5}


def connect(url: str) -> redis.Redis:
    """For a worker's threads. Nothing is connected before the first command."""
    return redis.Redis.from_url(url, retry=Retry(_BACKOFF, ATTEMPTS), **_OPTIONS)


def connect_async(url: str) -> redis.asyncio.Redis:
    """For an event loop. Nothing is connected before the first command."""
    retry = AsyncRetry(_BACKOFF, ATTEMPTS)
    # Another pool fails at the hundredth command that is sent at the same moment.
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url, max_connections=CONNECTIONS, timeout=WAIT_SECONDS, retry=retry, **_OPTIONS
    )
    return redis.asyncio.Redis.from_pool(pool)
