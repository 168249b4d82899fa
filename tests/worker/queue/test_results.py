import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgpack
import pytest
from redis.asyncio import Redis

from model.errors import Unavailable
from tests.processes import RedisServer
from worker.queue.redis_keys import result_key
from worker.queue.results import ResultChannel


def message(result: Any, status: str = "SUCCESS") -> bytes:
    """A result as Celery stores and publishes it."""
    packed: bytes = msgpack.packb({"status": status, "result": result})
    return packed


@asynccontextmanager
async def channel_of(server: RedisServer) -> AsyncIterator[tuple[Redis, ResultChannel]]:
    async with Redis(port=server.port) as redis:
        channel = ResultChannel(redis)
        try:
            yield redis, channel
        finally:
            await channel.close()


def test_what_is_published_arrives(served: RedisServer) -> None:
    async def scenario() -> None:
        async with channel_of(served) as (redis, channel):
            channel.start()
            (one, first), (two, second) = channel.expect(), channel.expect()
            assert one != two
            while await redis.publish(result_key(two), message(b"two")) == 0:
                await asyncio.sleep(0.01)
            await redis.publish(result_key(one), message(b"one"))
            assert [await first, await second] == [b"one", b"two"]

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_what_was_published_before_anybody_listened_is_read(served: RedisServer) -> None:
    async def scenario() -> None:
        async with channel_of(served) as (redis, channel):
            task_id, result = channel.expect()
            await redis.set(result_key(task_id), message(b"early"), ex=10)
            channel.start()
            assert await result == b"early"

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_message_that_was_missed_can_be_fetched(served: RedisServer) -> None:
    async def scenario() -> None:
        async with channel_of(served) as (redis, channel):
            (stored, one), (missing, other) = channel.expect(), channel.expect()
            await redis.set(result_key(stored), message(b"kept"), ex=10)
            await channel.fetch([stored, missing])
            assert (one.result(), other.done()) == (b"kept", False)

    asyncio.run(scenario())


def test_the_first_answer_counts_and_a_failure_is_an_error(served: RedisServer) -> None:
    async def scenario() -> None:
        async with channel_of(served) as (_, channel):
            (twice, answered), (broken, failed), (gone, cancelled) = (channel.expect() for _ in range(3))
            channel.deliver(twice, message(b"first"))
            channel.deliver(twice, message(b"second"))
            channel.fail(twice, Unavailable("Late."))
            assert answered.result() == b"first"
            channel.deliver(broken, message({"exc_type": "ValueError"}, "FAILURE"))
            assert isinstance(failed.exception(), Unavailable)
            cancelled.cancel()
            channel.deliver(gone, message(b"nobody waits"))
            channel.deliver("unknown.1", message(b"not ours"))

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [1, 3])
def test_mailboxes_do_not_share_names(served: RedisServer, count: int) -> None:
    async def scenario() -> set[str]:
        async with channel_of(served) as (_, one), channel_of(served) as (_, other):
            return {channel.expect()[0] for channel in (one, other) for _ in range(count)}

    assert len(asyncio.run(scenario())) == 2 * count
