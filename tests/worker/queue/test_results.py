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
from worker.queue.results import Mailbox


def message(result: Any, status: str = "SUCCESS") -> bytes:
    """A result as Celery stores and publishes it."""
    packed: bytes = msgpack.packb({"status": status, "result": result})
    return packed


@asynccontextmanager
async def mailbox_of(server: RedisServer) -> AsyncIterator[tuple[Redis, Mailbox]]:
    async with Redis(port=server.port) as redis:
        mailbox = Mailbox(redis)
        try:
            yield redis, mailbox
        finally:
            await mailbox.close()


def test_what_is_published_arrives(served: RedisServer) -> None:
    async def scenario() -> None:
        async with mailbox_of(served) as (redis, mailbox):
            mailbox.start()
            (one, first), (two, second) = mailbox.expect(), mailbox.expect()
            assert one != two
            while await redis.publish(result_key(two), message(b"two")) == 0:
                await asyncio.sleep(0.01)
            await redis.publish(result_key(one), message(b"one"))
            assert [await first, await second] == [b"one", b"two"]

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_what_was_published_before_anybody_listened_is_read(served: RedisServer) -> None:
    async def scenario() -> None:
        async with mailbox_of(served) as (redis, mailbox):
            task_id, result = mailbox.expect()
            await redis.set(result_key(task_id), message(b"early"), ex=10)
            mailbox.start()
            assert await result == b"early"

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_message_that_was_missed_can_be_fetched(served: RedisServer) -> None:
    async def scenario() -> None:
        async with mailbox_of(served) as (redis, mailbox):
            (stored, one), (missing, other) = mailbox.expect(), mailbox.expect()
            await redis.set(result_key(stored), message(b"kept"), ex=10)
            await mailbox.fetch([stored, missing])
            assert (one.result(), other.done()) == (b"kept", False)

    asyncio.run(scenario())


def test_the_first_answer_counts_and_a_failure_is_an_error(served: RedisServer) -> None:
    async def scenario() -> None:
        async with mailbox_of(served) as (_, mailbox):
            (twice, answered), (broken, failed), (gone, cancelled) = (mailbox.expect() for _ in range(3))
            mailbox.deliver(twice, message(b"first"))
            mailbox.deliver(twice, message(b"second"))
            mailbox.fail(twice, Unavailable("Late."))
            assert answered.result() == b"first"
            mailbox.deliver(broken, message({"exc_type": "ValueError"}, "FAILURE"))
            assert isinstance(failed.exception(), Unavailable)
            cancelled.cancel()
            mailbox.deliver(gone, message(b"nobody waits"))
            mailbox.deliver("unknown.1", message(b"not ours"))

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [1, 3])
def test_mailboxes_do_not_share_names(served: RedisServer, count: int) -> None:
    async def scenario() -> set[str]:
        async with mailbox_of(served) as (_, one), mailbox_of(served) as (_, other):
            return {mailbox.expect()[0] for mailbox in (one, other) for _ in range(count)}

    assert len(asyncio.run(scenario())) == 2 * count
