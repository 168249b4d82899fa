"""A worker takes as many things as fit, whatever tasks they wait in."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from redis import Redis

from tests.processes import RedisServer
from tests.worker.queue.test_versions import Echo
from worker.queue.call_queue import BATCH_BYTES
from worker.queue.celery_app import TASK_PREFIX, create_celery
from worker.queue.codec import pack
from worker.queue.redis_keys import payload_key, result_key, taken_key, workers_key
from worker.queue.tasks.messages import Message, WaitingMessages
from worker.queue.tasks.runner import Runner

QUEUE, OTHER = "one", "other"


def send(server: RedisServer, sizes: Sequence[int], queue: str = QUEUE, **headers: Any) -> None:
    """Tasks of so many things each, as an API process sends them."""
    with create_celery(server.url) as celery:
        for number, size in enumerate(sizes, 1):
            said = {"version": 2, "lifetime": 9000, "contexts": [{}], "size": size, "queue": queue, "queued": number}
            celery.send_task(
                f"{TASK_PREFIX}embed", args=[False], task_id=f"{queue}.{number}", queue=queue, headers=said | headers
            )


def ids(messages: Sequence[Message]) -> list[str]:
    return [message.task_id for message in messages]


def test_what_fits_is_taken_in_order(server: RedisServer, redis: Redis) -> None:
    send(server, [1, 2, 3, 4])
    waiting = WaitingMessages(redis)
    first, second = waiting.take([QUEUE], 3)
    assert first == Message("one.1", "embed", size=1, lifetime=9000, queue=QUEUE, queued=1, contexts=[{}], version=2)
    assert second.size == 2
    # The next is too large, and those behind it do not overtake it.
    assert waiting.take([QUEUE], 2) == []
    assert waiting.take([QUEUE], 0) == []
    assert ids(waiting.take([QUEUE], 64)) == ["one.3", "one.4"]
    assert redis.llen(QUEUE) == 0


def test_a_worker_leaves_others_their_share(server: RedisServer, redis: Redis) -> None:
    send(server, [1] * 10)
    redis.sadd(workers_key(QUEUE), "a", "b", "c", "d")
    assert ids(WaitingMessages(redis).take([QUEUE], 64)) == ["one.1", "one.2", "one.3"]


def test_no_more_is_taken_than_may_be_in_memory(server: RedisServer, redis: Redis) -> None:
    send(server, [1] * 4)
    for number in range(1, 5):
        redis.set(payload_key(f"one.{number}"), bytes(BATCH_BYTES // 2))
    assert [len(WaitingMessages(redis).take([QUEUE], 64)) for _ in range(2)] == [2, 2]


def test_one_queue_comes_after_the_other(server: RedisServer, redis: Redis) -> None:
    send(server, [1, 1])
    send(server, [1, 1], OTHER)
    assert ids(WaitingMessages(redis).take([OTHER, QUEUE], 3)) == ["other.1", "other.2", "one.1"]


@pytest.mark.parametrize("headers", [{"alone": True}, {"size": None}], ids=["suspect", "version before"])
def test_what_must_come_by_itself_is_left_to_celery(
    server: RedisServer, redis: Redis, headers: dict[str, object]
) -> None:
    send(server, [1], **headers)
    send(server, [1])
    assert WaitingMessages(redis).take([QUEUE], 64) == []
    assert redis.llen(QUEUE) == 2


def test_a_queue_that_holds_something_else_is_said_to(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    redis.lpush(QUEUE, b"no message")
    assert WaitingMessages(redis).take([QUEUE], 64) == []
    assert "no more tasks could be taken" in caplog.text
    assert redis.llen(QUEUE) == 1


class Counting(Echo):
    """Tells how many calls it had at a time."""

    most = now = 0

    async def embed(self, images: list[bytes], max_faces: int = 1) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.2)
        self.now -= 1
        return await super().embed(images, max_faces)


def test_a_thread_runs_what_waits_beside_its_own_task(server: RedisServer, redis: Redis) -> None:
    send(server, [1] * 12)
    for number in range(13):
        redis.set(payload_key(f"one.{number}"), pack([pack({"images": [b"a"]})]), px=9000)
    service = Counting()
    with closing(Runner(service, redis, batch=8)) as runner:
        runner.start()
        runner.run(Message("one.0", "embed", queue=QUEUE, queued=0), [QUEUE])
    assert service.most == 8
    assert {key.decode() for key in redis.keys(result_key("*"))} == {result_key(f"one.{number}") for number in range(8)}
    assert redis.llen(QUEUE) == 12 - 7
    # As far was the queue taken.
    assert redis.get(taken_key(QUEUE)) == b"7"
