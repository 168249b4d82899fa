import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from celery.exceptions import Ignore
from redis import Redis

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import SIZE, DummyModel
from model.errors import FacetError
from model.faces.detector import load_detector
from tests.faces import png
from tests.processes import RedisServer, redis_server, wait_until
from worker.interface import ModelInfo
from worker.local.inference import LocalInference
from worker.queue.codec import pack, unpack_answers
from worker.queue.redis_keys import claim_key, payload_key
from worker.queue.tasks import METHODS, Runner
from worker.queue_names import INFERENCE_QUEUE

BROKEN, SLOW = (np.full((SIZE, SIZE, 3), shade, np.uint8) for shade in (10, 200))


class ModelOfTests(DummyModel):
    """The dummy, which fails at one picture and takes until it is released over another."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__()
        self._released = released

    def embed(self, crops: Pixels) -> Vector:
        if any((crop == BROKEN).all() for crop in crops):
            raise RuntimeError("a defect")
        if any((crop == SLOW).all() for crop in crops):
            assert self._released.wait(60)
        return super().embed(crops)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    place: Path = tmp_path_factory.mktemp("tasks")
    with redis_server(place) as server:
        yield server


@pytest.fixture
def released() -> threading.Event:
    return threading.Event()


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    with server.client() as client:
        yield client


@pytest.fixture
def runner(redis: Redis, released: threading.Event) -> Iterator[Runner]:
    inference = LocalInference(lambda: ModelOfTests(released), load_detector)
    with closing(Runner(inference, redis)) as runner:
        info = runner.start()
        assert isinstance(info, ModelInfo)
        assert info.id == DummyModel.id
        yield runner
        released.set()


def put(redis: Redis, task_id: str, *calls: dict[str, Any], seconds: float = 60.0) -> None:
    redis.set(payload_key(task_id), pack([pack(call) for call in calls]), px=round(1000 * seconds))


def whole(picture: Pixels) -> dict[str, Any]:
    return {"images": [png(picture)], "align": "none", "max_faces": 1}


def test_each_call_of_a_task_has_its_own_answer(redis: Redis, runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    crop = np.arange(SIZE * SIZE * 3).reshape(SIZE, SIZE, 3).astype(np.uint8)
    put(redis, "mixed", whole(crop), whole(BROKEN), {"images": [b"junk"]}, {"images": []})
    good, broken, junk, nothing = unpack_answers(runner.run("mixed", "embed"), 4)
    assert redis.get(claim_key("mixed")) == runner.id.encode()
    np.testing.assert_array_equal(good[0][0].embedding, DummyModel().embed(crop[None])[0])
    # A defect is told to nobody but the log.
    assert (type(broken), "defect" in broken.message) == (FacetError, False)
    assert "a defect" in caplog.text
    assert [error.code for error in junk] == ["unsupported_image"]
    assert nothing == []


def test_a_task_without_its_payload_is_dropped(runner: Runner) -> None:
    with pytest.raises(Ignore):
        runner.run("cancelled", "embed")


def test_a_task_that_takes_too_long_is_dropped(redis: Redis, runner: Runner, released: threading.Event) -> None:
    put(redis, "late", whole(SLOW), seconds=0.5)
    with pytest.raises(Ignore):
        runner.run("late", "embed")
    assert not released.is_set()


def test_suspects_run_one_at_a_time_and_others_beside_them(
    redis: Redis, runner: Runner, released: threading.Event
) -> None:
    stored: list[tuple[bytes, int]] = []

    def begun() -> int:
        return redis.exists(claim_key("first"), claim_key("second"))

    def run_alone(name: str) -> None:
        with pytest.raises(Ignore):
            runner.run(name, "embed", store_alone=lambda answers: stored.append((answers, begun())))

    with ThreadPoolExecutor(3) as threads:
        for name in ("first", "second"):
            put(redis, name, whole(SLOW))
        put(redis, "third", {"images": []})
        suspects = [threads.submit(run_alone, name) for name in ("first", "second")]
        wait_until(lambda: begun() > 0)
        assert unpack_answers(threads.submit(runner.run, "third", "embed").result(), 1) == [[]]
        assert begun() == 1
        released.set()
        for suspect in suspects:
            suspect.result()
        # Each was stored while its own claim held, and before the other began.
        assert [(len(unpack_answers(answers, 1)), claims) for answers, claims in stored] == [(1, 1), (1, 1)]
        assert begun() == 0  # what is done does not answer for what ends the worker later


def test_every_call_of_the_interface_but_the_local_ones_is_a_task() -> None:
    calls = {name for name, member in vars(LocalInference).items() if iscoroutinefunction(member) and name[0] != "_"}
    assert calls - {"start", "close", "ready", "info", "models"} == set(METHODS[INFERENCE_QUEUE])
