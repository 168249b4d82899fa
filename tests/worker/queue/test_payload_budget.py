"""Pictures that fill Redis: what is too much is refused, and nobody counts as gone for it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import OutOfMemoryError

from model.errors import Busy, FacetError, Unavailable
from tests.processes import RedisServer, redis_server, wait_until
from tests.worker.queue.test_failure import fate
from tests.worker.queue.test_inference_client import started
from tests.worker.queue.test_versions import INFO
from worker.queue import payload_budget
from worker.queue.codec import BEFORE, pack
from worker.queue.heartbeat import Heartbeat
from worker.queue.inference_client import CeleryInference
from worker.queue.payload_budget import SHARE, PayloadBudget
from worker.queue.redis_keys import LIFE_SECONDS, worker_key, workers_key
from worker.queue_names import INFERENCE_QUEUE, model_queue

MEGABYTE = 2**20
ROOM = 32 * MEGABYTE
BODY = bytes(4 * MEGABYTE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@contextmanager
def idle_worker(redis: Redis) -> Iterator[str]:
    """A worker that lives and takes nothing; gives its key."""
    queues = [INFERENCE_QUEUE, model_queue(INFO.id)]
    with closing(Heartbeat(redis, queues, "idle", pack(INFO, BEFORE))) as heartbeat:
        heartbeat.start()
        wait_until(lambda: redis.pubsub_numsub(worker_key("idle"))[0][1] == 1, 5)
        wait_until(lambda: bool(redis.exists(worker_key("idle"))), 5)
        yield worker_key("idle")


async def sent(inference: CeleryInference, count: int) -> list[Any]:
    """What became of so many calls of which none is taken up."""
    async with started(inference):
        await inference.models()
        return await asyncio.gather(*(fate(inference.embed([BODY])) for _ in range(count)))


def test_what_has_no_room_is_refused_at_once_and_the_workers_live(server: RedisServer) -> None:
    with server.client() as redis, idle_worker(redis) as key:
        redis.config_set("maxmemory", ROOM)
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_resetstat()
        answers = asyncio.run(sent(CeleryInference(server.url, timeout=4, max_queue=99), 16))
        late = [answer for answer in answers if isinstance(answer, Unavailable)]
        # As many as leave half of the memory free were sent; nobody took them up.
        assert 2 <= len(late) <= SHARE * ROOM / len(BODY)
        assert {answer.message for answer in late} == {"No worker answered within 4 s; try again soon."}
        refused = [answer for answer in answers if answer not in late]
        assert all(isinstance(answer, Busy) and answer.details["retry_after"] >= 1 for answer in refused)
        assert redis.ttl(key) >= LIFE_SECONDS - 2
        assert "errorstat_OOM" not in redis.info("errorstats")


def test_bytes_that_are_not_there_yet_count_at_the_next_look(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload_budget, "LOOK_SECONDS", 0.0)

    async def admitted(redis: AsyncRedis, *, arrives: bool) -> bool:
        """Whether a second call finds room beside one that takes most of it."""
        budget = PayloadBudget(redis, ROOM)
        async with budget.holding("first", 12 * MEGABYTE):
            if arrives:
                budget.arrived(["first"])
            try:
                async with budget.holding("second", 8 * MEGABYTE):
                    return True
            except Busy:
                return False

    async def scenario() -> list[bool]:
        async with AsyncRedis.from_url(server.url) as redis:
            await redis.config_set("maxmemory", ROOM)
            return [await admitted(redis, arrives=arrives) for arrives in (False, True)]

    # The second knows of no bytes in Redis: the first was said to be there, and its bytes are Redis' to count.
    assert asyncio.run(scenario()) == [False, True]


def test_a_process_sends_no_more_than_its_own_share(server: RedisServer) -> None:
    with server.client() as redis, idle_worker(redis):
        inference = CeleryInference(server.url, timeout=2, max_queue=99, max_bytes=10 * MEGABYTE)
        answers = asyncio.run(sent(inference, 8))
        assert [type(answer) for answer in answers].count(Busy) == 6
        # One call is taken on however large it is, where nothing else waits.
        inference = CeleryInference(server.url, timeout=1, max_bytes=1)
        [answer] = asyncio.run(sent(inference, 1))
        assert "No worker answered within" in answer.message


def test_what_is_answered_makes_room_again(served: RedisServer) -> None:
    async def scenario() -> list[Any]:
        async with started(CeleryInference(served.url, max_bytes=6 * MEGABYTE)) as inference:
            return [await fate(inference.embed([BODY])) for _ in range(5)]

    for [error] in asyncio.run(scenario()):
        assert isinstance(error, FacetError)
        assert error.code == "unsupported_image"


def test_a_full_redis_hears_that_a_worker_lives(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with server.client() as redis, idle_worker(redis) as key:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        with pytest.raises(OutOfMemoryError):
            redis.set("anything", b"")
        began = time.monotonic()
        while time.monotonic() - began < 4:
            assert redis.ttl(key) >= LIFE_SECONDS - 2
            time.sleep(0.1)
        assert not caplog.records
        # It says all of it anew where Redis lost it.
        redis.config_set("maxmemory", 0)
        redis.flushdb()
        for queue in (INFERENCE_QUEUE, model_queue(INFO.id)):
            wait_until(lambda queue=queue: redis.sismember(workers_key(queue), "idle") == 1, 5)
        assert redis.get(key) == pack(INFO, BEFORE)
