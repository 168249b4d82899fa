import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from subprocess import Popen
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis

from model.attributes import Attribute
from model.edits import Edit
from model.engine.dummy import DummyModel
from model.errors import Busy, FacetError, Unavailable
from model.faces.detector import load_detector
from tests.faces import draw_face, jpeg
from tests.processes import RedisServer, redis_server, wait_until, worker_process
from tests.worker.queue.test_codec import assert_same
from worker.interface import Inference
from worker.local.inference import LocalInference
from worker.queue.client import no_worker
from worker.queue.inference_client import CeleryInference
from worker.stimuli.continuum import Continuum
from worker.stimuli.factorial import Factorial

ADA, BOB = jpeg(draw_face(seed=1)), jpeg(draw_face(seed=2, mouth="smile"))
EMBEDDING = DummyModel().sample(1, seed=5)[0]
CONTINUUM = Continuum(start=EMBEDDING, end=EMBEDDING[::-1], steps=4, attributes=(Attribute.STYLE,), even="embedding")

CALLS: dict[str, Callable[[Inference], Awaitable[Any]]] = {
    "embed": lambda inference: inference.embed([ADA, BOB]),
    "embed whole": lambda inference: inference.embed([ADA], align="none"),
    "embed some": lambda inference: inference.embed([ADA, b"no picture", jpeg(np.zeros((64, 64, 3), np.uint8))]),
    "embed nothing": lambda inference: inference.embed([]),
    "reconstruct": lambda inference: inference.reconstruct(ADA),
    "reconstruct embedding": lambda inference: inference.reconstruct(EMBEDDING),
    "reconstruct nonsense": lambda inference: inference.reconstruct(EMBEDDING[:5]),
    "edit": lambda inference: inference.edit(
        ADA, [Edit(Attribute.EXPRESSION, source=0, amount=0.5)], sources=[BOB], paste=True, reencode=True
    ),
    "edit from embedding": lambda inference: inference.edit(EMBEDDING, [Edit(Attribute.STYLE, source=EMBEDDING[::-1])]),
    "edit pose": lambda inference: inference.edit(ADA, [Edit(Attribute.POSE, set={"yaw": 20.0})]),
    "edit impossibly": lambda inference: inference.edit(ADA, [Edit(Attribute.EXPRESSION, preset="boredom")]),
    "paste into nothing": lambda inference: inference.edit(EMBEDDING, [], paste=True),
    "generate": lambda inference: inference.generate(3, seed=7, image=ADA, keep=[Attribute.IDENTITY]),
    "generate none": lambda inference: inference.generate(0),
    "verify": lambda inference: inference.verify(ADA, BOB),
    "verify junk": lambda inference: inference.verify(ADA, b"junk"),
    "stimuli": lambda inference: inference.stimuli(CONTINUUM),
    "stimuli impossibly": lambda inference: inference.stimuli(Factorial(people=1, expressions=["boredom"])),
    "stimuli of another model": lambda inference: inference.stimuli(CONTINUUM, model="other-1"),
    "info": lambda inference: inference.info(),
}


@asynccontextmanager
async def started(inference: Inference) -> AsyncIterator[Inference]:
    await inference.start()
    try:
        yield inference
    finally:
        await inference.close()


@contextmanager
def stopped(process: Popen[bytes]) -> Iterator[None]:
    """The process stands still, as if it were busy."""
    process.send_signal(SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(SIGCONT)


async def until(holds: Callable[[], bool]) -> None:
    """As `wait_until`, while the event loop goes on."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


def local() -> LocalInference:
    return LocalInference(DummyModel, load_detector)


def litter(server: RedisServer) -> set[str]:
    """What tasks have left in Redis."""
    with server.client() as client:
        return {key.decode() for key in client.keys("facet:payload:*") + client.keys("celery-task-meta-*")}


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RedisServer, Popen[bytes]]]:
    """A Redis and its only worker, which tests may stop."""
    place: Path = tmp_path_factory.mktemp("lone")
    with redis_server(place) as server, worker_process(server, place) as worker:
        yield server, worker


@pytest.mark.parametrize("name", CALLS)
def test_callers_cannot_tell_the_two_apart(served: RedisServer, name: str) -> None:
    async def outcome(inference: Inference) -> Any:
        async with started(inference):
            try:
                return await CALLS[name](inference)
            except FacetError as error:
                return error

    def comparable(value: Any) -> Any:
        if isinstance(value, FacetError):
            return [type(value).__name__, value.to_data()]
        return [comparable(item) for item in value] if isinstance(value, list) else value

    here, there = asyncio.run(outcome(local())), asyncio.run(outcome(CeleryInference(served.url)))
    assert_same(comparable(there), comparable(here))


def test_calls_that_wait_at_the_same_moment_share_tasks(served: RedisServer) -> None:
    async def scenario() -> list[bytes]:
        async with started(CeleryInference(served.url, max_batch=16)) as inference:
            drawings = await asyncio.gather(*(inference.reconstruct(EMBEDDING) for _ in range(64)))
            return [drawing.image for drawing in drawings]

    with served.client() as client:
        client.config_resetstat()
        images = asyncio.run(scenario())
        tasks = client.info("commandstats")["cmdstat_lpush"]["calls"]
    assert len(set(images)) == 1
    # The first goes at once; those that come while it is sent go together, at most 16 in a task.
    assert 64 / 16 <= tasks <= 8


def test_each_caller_gets_its_own_answer(served: RedisServer) -> None:
    faces = DummyModel().sample(40, seed=1)

    async def scenario() -> None:
        async with started(CeleryInference(served.url)) as one, started(CeleryInference(served.url)) as two:
            calls = [(one, two)[number % 2].reconstruct(face) for number, face in enumerate(faces)]
            for face, drawing in zip(faces, await asyncio.gather(*calls), strict=True):
                np.testing.assert_allclose(drawing.embedding, face, atol=1e-6)

    asyncio.run(scenario())
    wait_until(lambda: not litter(served))


def test_a_lost_subscription_is_taken_up_again(lone: tuple[RedisServer, Popen[bytes]]) -> None:
    server, worker = lone

    async def scenario() -> None:
        async with started(CeleryInference(server.url)) as inference, Redis(port=server.port) as redis:
            with stopped(worker):
                call = asyncio.create_task(inference.reconstruct(EMBEDDING))
                await until(lambda: len(litter(server)) == 1)
                assert await redis.client_kill_filter(_type="pubsub") >= 1
            np.testing.assert_allclose((await call).embedding, EMBEDDING, atol=1e-6)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_call_that_is_cancelled_cancels_its_task(lone: tuple[RedisServer, Popen[bytes]]) -> None:
    server, worker = lone

    async def scenario() -> None:
        async with started(CeleryInference(server.url)) as inference:
            with stopped(worker):
                call = asyncio.create_task(inference.reconstruct(EMBEDDING))
                await until(lambda: len(litter(server)) == 1)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                await until(lambda: not litter(server))
            await inference.reconstruct(EMBEDDING)

    asyncio.run(scenario())
    wait_until(lambda: not litter(server))


def test_what_comes_too_late_is_given_up_by_both(lone: tuple[RedisServer, Popen[bytes]]) -> None:
    server, worker = lone

    async def scenario() -> None:
        async with started(CeleryInference(server.url, timeout=0.5)) as inference:
            with stopped(worker):
                with pytest.raises(Unavailable, match=r"within 0\.5 s"):
                    await inference.reconstruct(EMBEDDING)
                await until(lambda: not litter(server))

    asyncio.run(scenario())
    # The worker finds the task without its payload, and stores nothing.
    with server.client() as client:
        wait_until(lambda: client.llen("inference") == 0)
    assert litter(server) == set()


def test_a_full_queue_is_refused(lone: tuple[RedisServer, Popen[bytes]]) -> None:
    server, worker = lone

    async def scenario() -> None:
        async with started(CeleryInference(server.url, max_queue=4)) as inference:
            with stopped(worker):
                calls = [asyncio.create_task(inference.reconstruct(EMBEDDING)) for _ in range(6)]
                await until(lambda: sum(call.done() for call in calls) == 2)
                held = [call for call in calls if not call.done()]
                for call in set(calls) - set(held):
                    error = call.exception()
                    assert isinstance(error, Busy)
                    assert error.details["retry_after"] >= 1
            await asyncio.gather(*held)

    asyncio.run(scenario())


def test_closing_answers_those_who_wait(lone: tuple[RedisServer, Popen[bytes]]) -> None:
    server, worker = lone

    async def scenario() -> None:
        inference = CeleryInference(server.url)
        await inference.start()
        with stopped(worker):
            call = asyncio.create_task(inference.reconstruct(EMBEDDING))
            await until(lambda: len(litter(server)) == 1)
            await inference.close()
            with pytest.raises(Unavailable, match="stopping"):
                await call
        with pytest.raises(Unavailable):
            await inference.info()

    asyncio.run(scenario())


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    async def scenario(url: str) -> str | None:
        async with started(CeleryInference(url)) as inference:
            with pytest.raises(Unavailable):
                await inference.embed([ADA])
            return await inference.ready()

    with redis_server(tmp_path) as server:
        assert asyncio.run(scenario(server.url)) == no_worker("inference")
    assert asyncio.run(scenario(server.url)) == "Redis does not answer; try again soon."
