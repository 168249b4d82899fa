import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pytest

from model.engine.dummy import DummyModel
from model.errors import CrashedWorker, FacetError, Unavailable
from tests.faces import png
from tests.processes import RedisServer, redis_server, running, wait_until, worker_process
from tests.worker.queue.fragile_worker import POISON, SLOW
from tests.worker.queue.test_inference_client import litter, started, until
from worker.queue.inference_client import CeleryInference
from worker.queue_names import INFERENCE_QUEUE

FRAGILE = (sys.executable, "-m", "tests.worker.queue.fragile_worker")
EMBEDDINGS = DummyModel().sample(8, seed=3)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@contextmanager
def fragile(server: RedisServer, place: Path) -> Iterator[Popen[bytes]]:
    with worker_process(server, place, FRAGILE) as process:
        yield process


def begun(server: RedisServer) -> int:
    """How many tasks a worker has begun."""
    with server.client() as client:
        return sum(client.hlen(key) for key in client.keys("facet:claims:*"))


async def fate(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except FacetError as error:
        return error


def test_what_a_killed_worker_had_begun_is_done_by_another(server: RedisServer, tmp_path: Path) -> None:
    async def scenario(first: Popen[bytes], second: ExitStack) -> None:
        async with started(CeleryInference(server.url, timeout=80)) as inference:
            slow = asyncio.create_task(inference.embed([png(SLOW)], align="none"))
            await until(lambda: begun(server) > 0)
            quick = [asyncio.create_task(inference.reconstruct(face)) for face in EMBEDDINGS]
            await until(lambda: len(litter(server)) > 1)
            first.kill()
            await asyncio.to_thread(second.enter_context, fragile(server, tmp_path))
            [[face]] = await slow  # type: ignore[misc]
            np.testing.assert_array_equal(face.embedding, DummyModel().embed(SLOW[None])[0])
            for embedding, drawing in zip(EMBEDDINGS, await asyncio.gather(*quick), strict=True):
                np.testing.assert_allclose(drawing.embedding, embedding, atol=1e-6)

    with ExitStack() as second, fragile(server, tmp_path) as first:
        asyncio.run(asyncio.wait_for(scenario(first, second), 90))


def test_a_poison_picture_is_tried_twice_and_spares_what_travels_with_it(server: RedisServer, tmp_path: Path) -> None:
    def lost(worker: Popen[bytes]) -> None:
        worker.wait()
        # As if the time had passed after which a worker that says nothing is lost.
        with server.client() as client:
            client.delete(*client.keys("facet:worker:*"))

    async def scenario(workers: ExitStack) -> None:
        async def end_of_another() -> None:
            # It may end as soon as it has said that it is ready.
            another = running([*FRAGILE, "--redis-url", server.url], tmp_path / "worker.log")
            await asyncio.to_thread(lost, workers.enter_context(another))

        first = workers.enter_context(fragile(server, tmp_path))
        async with started(CeleryInference(server.url, timeout=80)) as inference:
            calls = [asyncio.create_task(fate(inference.embed([png(POISON)], align="none")))]
            calls += [asyncio.create_task(inference.reconstruct(face)) for face in EMBEDDINGS]
            await asyncio.to_thread(lost, first)
            await end_of_another()
            await asyncio.to_thread(workers.enter_context, fragile(server, tmp_path))
            poisoned, *innocent = await asyncio.gather(*calls)
            assert isinstance(poisoned, CrashedWorker)
            for embedding, drawing in zip(EMBEDDINGS, innocent, strict=True):
                np.testing.assert_allclose(drawing.embedding, embedding, atol=1e-6)
            # Refused for good: the third worker lives.
            await inference.reconstruct(EMBEDDINGS[0])

    with ExitStack() as workers:
        asyncio.run(asyncio.wait_for(scenario(workers), 90))


def test_a_call_whose_message_ended_with_a_worker_is_sent_again(server: RedisServer, tmp_path: Path) -> None:
    async def scenario(first: Popen[bytes], second: ExitStack) -> None:
        async with started(CeleryInference(server.url, timeout=40)) as inference:
            # Redis gives the message to a worker that has asked for one, and forgets it; that worker never looks.
            first.send_signal(signal.SIGSTOP)
            call = asyncio.create_task(inference.reconstruct(EMBEDDINGS[0]))
            await until(lambda: len(litter(server)) > 0)
            await asyncio.sleep(0.5)
            with server.client() as client:
                assert not client.exists(INFERENCE_QUEUE, "unacked")
                assert not client.keys("facet:claims:*")
            first.kill()
            await asyncio.to_thread(second.enter_context, fragile(server, tmp_path))
            np.testing.assert_allclose((await call).embedding, EMBEDDINGS[0], atol=1e-6)

    with ExitStack() as second, fragile(server, tmp_path) as first:
        asyncio.run(asyncio.wait_for(scenario(first, second), 60))


def test_the_service_outlives_a_restart_of_redis(server: RedisServer, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with started(CeleryInference(server.url, timeout=10)) as inference:
            calls = [asyncio.create_task(fate(inference.embed([png(SLOW)], align="none"))) for _ in range(3)]
            await until(lambda: begun(server) > 0)
            await asyncio.to_thread(server.stop)
            assert isinstance(await fate(inference.reconstruct(EMBEDDINGS[0])), Unavailable)
            assert await inference.ready() is not None
            await asyncio.to_thread(server.start)
            restarted = time.monotonic()
            for outcome in await asyncio.gather(*calls):
                assert isinstance(outcome, list | Unavailable), outcome
            assert time.monotonic() - restarted < 20
            while await inference.ready() is not None:
                assert time.monotonic() - restarted < 60
                await asyncio.sleep(0.1)
            drawing = await inference.reconstruct(EMBEDDINGS[1])
            np.testing.assert_allclose(drawing.embedding, EMBEDDINGS[1], atol=1e-6)

    with fragile(server, tmp_path):
        asyncio.run(asyncio.wait_for(scenario(), 90))


def test_a_worker_that_is_told_to_stop_finishes_what_it_began(server: RedisServer, tmp_path: Path) -> None:
    async def scenario(worker: Popen[bytes]) -> None:
        async with started(CeleryInference(server.url, timeout=80)) as inference:
            slow = asyncio.create_task(inference.embed([png(SLOW)], align="none"))
            await until(lambda: begun(server) > 0)
            worker.terminate()
            [[face]] = await slow  # type: ignore[misc]
            np.testing.assert_array_equal(face.embedding, DummyModel().embed(SLOW[None])[0])

    with fragile(server, tmp_path) as worker:
        asyncio.run(asyncio.wait_for(scenario(worker), 60))
        assert worker.wait(timeout=30) == 0
        wait_until(lambda: server.workers() == 0, seconds=3)
