"""What was lost is found, what waits is left alone, and looking costs the same whatever waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from tests.processes import RedisServer
from worker.queue.loss_detection import Loss, LossDetection
from worker.queue.redis_keys import RECEIVED, claim_key, claims_key, payload_key, result_key, taken_key, worker_key
from worker.queue.results import ResultChannel
from worker.queue.worker_registry import WorkerRegistry

QUEUE = "test"
LONG_AFTER = 2**60
"""Microseconds."""


class Task(NamedTuple):
    """A task that was sent."""

    id: str
    queue: str = QUEUE


Scenario = Callable[[Callable[[], Awaitable[Loss | None]], Task], Awaitable[None]]


def looked_after(server: RedisServer, redis: Redis, scenario: Scenario) -> None:
    """Run a scenario with a way to look at the one task of a process, which has its payload and waits."""

    async def run() -> None:
        async with AsyncRedis(port=server.port) as connection:
            results = ResultChannel(connection)
            losses = LossDetection(connection, WorkerRegistry(connection, QUEUE), results)
            task = Task(results.expect()[0])
            redis.set(payload_key(task.id), b"calls")
            redis.lpush(QUEUE, "its message", "another's")

            async def look() -> Loss | None:
                return (await losses.look([task])).get(task.id)

            await scenario(look, task)

    asyncio.run(run())


def test_a_task_that_waits_is_left_alone_however_long(server: RedisServer, redis: Redis) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], _: Task) -> None:
        redis.set(taken_key(QUEUE), 1)
        assert [await look() for _ in range(5)] == [None] * 5

    looked_after(server, redis, scenario)


@pytest.mark.parametrize("sign", ["the queue is empty", "a later one was taken"])
def test_a_message_that_is_gone_without_a_claim_is_lost_at_the_second_look(
    server: RedisServer, redis: Redis, sign: str
) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], _: Task) -> None:
        assert await look() is None
        if sign == "the queue is empty":
            redis.delete(QUEUE)
        else:
            redis.set(taken_key(QUEUE), LONG_AFTER)
        assert [await look() for _ in range(2)] == [None, Loss.MESSAGE]
        # Sent anew it counts from then on, and was not there when the other was taken.
        redis.set(taken_key(QUEUE), 1)
        redis.lpush(QUEUE, "its message")
        assert [await look() for _ in range(3)] == [None] * 3

    looked_after(server, redis, scenario)


@pytest.mark.parametrize(
    ("mark", "loss"), [("", Loss.WORKER), (RECEIVED, Loss.MESSAGE)], ids=["begun", "only received"]
)
def test_what_a_worker_holds_is_lost_with_it(server: RedisServer, redis: Redis, mark: str, loss: Loss) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], task: Task) -> None:
        redis.delete(QUEUE)
        redis.hset(claims_key(task.id), task.id.partition(".")[2], f"{mark}w")
        redis.set(worker_key("w"), b"")
        assert [await look() for _ in range(3)] == [None] * 3
        redis.delete(worker_key("w"))
        assert await look() is loss

    looked_after(server, redis, scenario)


def test_a_claim_of_a_worker_of_the_version_before_counts(server: RedisServer, redis: Redis) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], task: Task) -> None:
        redis.delete(QUEUE)
        redis.set(claim_key(task.id), "old")
        redis.set(worker_key("old"), b"")
        assert [await look() for _ in range(4)] == [None] * 4
        redis.delete(worker_key("old"))
        assert Loss.WORKER in [await look() for _ in range(2)]

    looked_after(server, redis, scenario)


def test_an_answer_that_went_unheard_is_no_loss(server: RedisServer, redis: Redis) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], task: Task) -> None:
        redis.delete(QUEUE, payload_key(task.id))
        redis.set(result_key(task.id), b"\x82\xa6status\xa7SUCCESS\xa6result\xc4\x01a")
        assert [await look() for _ in range(3)] == [None] * 3

    looked_after(server, redis, scenario)


def test_a_request_that_redis_forgot_is_lost(server: RedisServer, redis: Redis) -> None:
    async def scenario(look: Callable[[], Awaitable[Loss | None]], _: Task) -> None:
        redis.flushdb()
        assert [await look() for _ in range(2)] == [None, Loss.REQUEST]

    looked_after(server, redis, scenario)


def test_a_look_costs_the_same_whatever_waits(server: RedisServer, redis: Redis) -> None:
    async def bytes_of_a_look(own: int, others: int) -> float:
        redis.flushdb()
        redis.lpush(QUEUE, *[b"x" * 800] * (own + others))
        async with AsyncRedis(port=server.port) as connection:
            results = ResultChannel(connection)
            losses = LossDetection(connection, WorkerRegistry(connection, QUEUE), results)
            tasks = [Task(results.expect()[0]) for _ in range(own)]
            await losses.look(tasks)
            redis.config_resetstat()
            for _ in range(10):
                assert await losses.look(tasks) == {}
            stats = redis.info("stats")
        return (int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])) / 10

    few, many = asyncio.run(bytes_of_a_look(1, 1)), asyncio.run(bytes_of_a_look(100, 10_000))
    assert many < 1.2 * few < 2000
