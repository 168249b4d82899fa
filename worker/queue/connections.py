"""Redis clients that retry, so that they survive a restart of Redis."""

from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

ATTEMPTS = 3
_BACKOFF = ExponentialBackoff(cap=0.2, base=0.02)
_OPTIONS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 2, "health_check_interval": 5}


def connect(url: str) -> redis.Redis:
    """For a worker's threads. Nothing is connected before the first command."""
    return redis.Redis.from_url(url, retry=Retry(_BACKOFF, ATTEMPTS), **_OPTIONS)


def connect_async(url: str) -> redis.asyncio.Redis:
    """For an event loop. Nothing is connected before the first command."""
    return redis.asyncio.Redis.from_url(url, retry=AsyncRetry(_BACKOFF, ATTEMPTS), **_OPTIONS)
