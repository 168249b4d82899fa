import asyncio
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from model.errors import Unavailable
from tests.processes import RedisServer, redis_server, wait_until, worker_process
from worker.queue.codec import pack, unpack
from worker.queue.connections import CONNECTIONS, connect_async
from worker.queue.heartbeat import Heartbeat, lives_here, new_worker_id
from worker.queue.redis_keys import GRACE_SECONDS, LIFE_SECONDS, worker_key, workers_key
from worker.queue.worker_registry import WorkerRegistry
from worker.queue_names import INFERENCE_QUEUE

QUEUE = "test"


def members(server: RedisServer) -> dict[str, object]:
    async def read() -> dict[str, object]:
        async with AsyncRedis(port=server.port) as redis:
            return dict(await WorkerRegistry(redis, QUEUE).members())

    return asyncio.run(read())


def test_those_that_beat_are_members_with_what_they_say(server: RedisServer, redis: Redis) -> None:
    with closing(Heartbeat(redis, [QUEUE], "one", pack({"model": 1}))) as one:
        one.start()
        one.start()  # Celery says it again after each reconnection
        with closing(Heartbeat(redis, [QUEUE], "two", pack({"model": 2}))) as two:
            two.start()
            wait_until(lambda: len(members(server)) == 2, seconds=3)
            assert members(server) == {"one": {"model": 1}, "two": {"model": 2}}
            assert 0 < redis.ttl(worker_key("one")) <= LIFE_SECONDS
        assert members(server) == {"one": {"model": 1}}
    assert redis.keys() == []


def test_one_that_never_began_leaves_nothing(redis: Redis) -> None:
    Heartbeat(redis, [QUEUE], "idle", b"").close()
    assert redis.keys() == []


def test_the_lost_are_forgotten(server: RedisServer, redis: Redis) -> None:
    redis.sadd(workers_key(QUEUE), "lost", "alive")
    redis.set(worker_key("alive"), pack("here"))
    assert members(server) == {"alive": "here"}
    assert redis.smembers(workers_key(QUEUE)) == {b"alive"}


def test_those_who_ask_at_the_same_moment_share_one_reading(server: RedisServer, redis: Redis) -> None:
    async def scenario() -> None:
        async with connect_async(server.url) as connection:
            registry = WorkerRegistry(connection, QUEUE)
            assert await asyncio.gather(*(registry.members() for _ in range(300))) == [{"one": "here"}] * 300

    redis.sadd(workers_key(QUEUE), "one")
    redis.set(worker_key("one"), pack("here"))
    redis.config_resetstat()
    asyncio.run(scenario())
    assert redis.info("commandstats")["cmdstat_smembers"]["calls"] == 1


def test_more_commands_than_connections_wait_for_each_other(server: RedisServer) -> None:
    async def scenario() -> None:
        async with connect_async(server.url) as connection:
            assert await asyncio.gather(*(connection.ping() for _ in range(300))) == [True] * 300
            assert len(await connection.client_list()) <= CONNECTIONS + 1

    asyncio.run(scenario())


def test_a_killed_worker_is_lost_before_its_word_expires(server: RedisServer, redis: Redis, tmp_path: Path) -> None:
    async def scenario(worker: Popen[bytes]) -> None:
        async with AsyncRedis(port=server.port) as connection:
            registry = WorkerRegistry(connection, INFERENCE_QUEUE)
            [worker_id] = await registry.read()
            worker.kill()
            while await registry.read():
                # By its connection alone: what it said is still there.
                assert redis.exists(worker_key(worker_id))
                await asyncio.sleep(0.05)
            assert redis.exists(worker_key(worker_id))

    with worker_process(server, tmp_path) as worker:
        asyncio.run(asyncio.wait_for(scenario(worker), 30))


def test_a_connection_that_breaks_is_made_anew_and_is_no_loss(server: RedisServer, redis: Redis) -> None:
    def listening() -> int:
        [(_, count)] = redis.pubsub_numsub(worker_key("one"))
        return int(count)

    async def scenario() -> None:
        async with AsyncRedis(port=server.port) as connection:
            registry = WorkerRegistry(connection, QUEUE)
            wait_until(lambda: listening() == 1, seconds=3)
            redis.client_kill_filter(_type="pubsub")
            assert listening() == 0
            while not listening():
                assert list(await registry.read()) == ["one"]
                await asyncio.sleep(0.05)
            await asyncio.sleep(GRACE_SECONDS)
            assert list(await registry.read()) == ["one"]

    with closing(Heartbeat(redis, [QUEUE], "one", pack("here"))) as one:
        one.start()
        asyncio.run(asyncio.wait_for(scenario(), 30))


def test_a_worker_of_this_host_is_told_from_others(redis: Redis) -> None:
    assert not lives_here(redis, QUEUE)
    for worker_id in ("another-host.1234", new_worker_id(b"one")):
        redis.sadd(workers_key(QUEUE), worker_id)
    redis.set(worker_key("another-host.1234"), b"")
    assert not lives_here(redis, QUEUE)
    here = new_worker_id(b"two")
    redis.sadd(workers_key(QUEUE), here)
    redis.set(worker_key(here), b"")
    assert lives_here(redis, QUEUE)


def test_what_workers_say_of_themselves_is_read_once_for_all_that_say_the_same(
    server: RedisServer, redis: Redis
) -> None:
    card, other = pack({"card": "x" * 50_000}), pack({"card": "y"})
    workers = {new_worker_id(about): about for about in [card] * 20 + [other]}

    async def scenario() -> int:
        async with connect_async(server.url) as connection:
            registry = WorkerRegistry(connection, QUEUE)
            assert await registry.read() == {id: unpack(about) for id, about in workers.items()}
            redis.config_resetstat()
            for _ in range(10):
                assert len(await registry.read()) == 21
            return int(redis.info("stats")["total_net_output_bytes"])

    for id, about in workers.items():
        redis.sadd(workers_key(QUEUE), id)
        redis.set(worker_key(id), about)
    redis.config_resetstat()
    per_reading = asyncio.run(scenario()) / 10
    # Ids and counts alone, of 21 workers.
    assert per_reading < 21 * 200


def test_without_redis_there_is_no_answer(tmp_path: Path) -> None:
    with redis_server(tmp_path) as gone:
        pass
    with pytest.raises(Unavailable) as caught:
        members(gone)
    assert caught.value.details == {"part": "redis"}
