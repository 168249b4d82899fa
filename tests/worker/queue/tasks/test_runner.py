import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from inspect import iscoroutinefunction
from typing import Any

import msgpack
import numpy as np
import pytest
from redis import Redis

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import SIZE, DummyModel
from model.errors import FacetError
from model.faces.detector import load_detector
from tests.faces import png
from tests.processes import wait_until
from worker.interface import ModelInfo
from worker.local.inference import LocalInference
from worker.queue.codec import pack, unpack_answers
from worker.queue.redis_keys import RECEIVED, claims_key, number_of, payload_key, result_key, taken_key
from worker.queue.tasks.celery_tasks import METHODS
from worker.queue.tasks.messages import Message
from worker.queue.tasks.runner import Runner
from worker.queue_names import INFERENCE_QUEUE

QUEUE = "test"
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


@pytest.fixture
def released() -> threading.Event:
    return threading.Event()


@pytest.fixture
def runner(redis: Redis, released: threading.Event) -> Iterator[Runner]:
    inference = LocalInference(lambda: ModelOfTests(released), load_detector)
    with closing(Runner(inference, redis)) as runner:
        info = runner.start()
        assert isinstance(info, ModelInfo)
        assert info.id == DummyModel.id
        yield runner
        released.set()


def put(redis: Redis, task_id: str, *calls: dict[str, Any], seconds: float = 60.0) -> Message:
    redis.set(payload_key(task_id), pack([pack(call) for call in calls]), px=round(1000 * seconds))
    return Message(task_id, "embed", queue=QUEUE, queued=1)


def whole(picture: Pixels) -> dict[str, Any]:
    return {"images": [png(picture)], "align": "none", "max_faces": 1}


def answers_to(redis: Redis, task_id: str, count: int) -> list[Any]:
    stored = redis.getdel(result_key(task_id))
    assert isinstance(stored, bytes)
    return unpack_answers(msgpack.unpackb(stored)["result"], count)


def left_of(redis: Redis) -> list[bytes]:
    """Every key but the one that says how far the queue was taken."""
    return sorted(set(redis.keys()) - {taken_key(QUEUE).encode()})


def holder(redis: Redis, task_id: str) -> bytes | None:
    return redis.hget(claims_key(task_id), number_of(task_id))  # type: ignore[return-value]


def test_each_call_of_a_task_has_its_own_answer(redis: Redis, runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    crop = np.arange(SIZE * SIZE * 3).reshape(SIZE, SIZE, 3).astype(np.uint8)
    runner.run(put(redis, "mixed.1", whole(crop), whole(BROKEN), {"images": [b"junk"]}, {"images": []}))
    good, broken, junk, nothing = answers_to(redis, "mixed.1", 4)
    np.testing.assert_array_equal(good[0][0].embedding, DummyModel().embed(crop[None])[0])
    # A defect is told to nobody but the log.
    assert (type(broken), "defect" in broken.message) == (FacetError, False)
    assert "a defect" in caplog.text
    assert [error.code for error in junk] == ["unsupported_image"]
    assert nothing == []
    assert left_of(redis) == []


def test_a_task_that_cannot_be_read_fails_and_leaves_nothing(redis: Redis, runner: Runner) -> None:
    redis.set(payload_key("odd.1"), b"\xc1", px=9000)
    runner.run(Message("odd.1", "embed", queue=QUEUE, queued=1))
    stored = redis.getdel(result_key("odd.1"))
    assert isinstance(stored, bytes)
    assert msgpack.unpackb(stored)["status"] == "FAILURE"
    assert left_of(redis) == []


def test_a_task_without_its_payload_is_dropped(redis: Redis, runner: Runner) -> None:
    runner.run(Message("cancelled.1", "embed", queue=QUEUE, queued=1))
    assert left_of(redis) == []


def test_a_task_that_another_worker_has_begun_is_dropped(redis: Redis, runner: Runner) -> None:
    message = put(redis, "twice.1", {"images": []})
    redis.hset(claims_key("twice.1"), "1", "another")
    runner.run(message)
    assert not redis.exists(result_key("twice.1"))
    assert holder(redis, "twice.1") == b"another"
    redis.delete(claims_key("twice.1"), payload_key("twice.1"))


def test_a_task_that_was_only_received_may_be_begun_by_another(redis: Redis, runner: Runner) -> None:
    message = put(redis, "waits.1", {"images": []})
    redis.hset(claims_key("waits.1"), "1", f"{RECEIVED}another")
    runner.run(message)
    assert answers_to(redis, "waits.1", 1) == [[]]
    assert left_of(redis) == []


def test_a_task_that_takes_too_long_is_dropped(redis: Redis, runner: Runner, released: threading.Event) -> None:
    runner.run(put(redis, "late.1", whole(SLOW), seconds=0.5))
    assert not released.is_set()
    assert left_of(redis) == []


def test_suspects_run_one_at_a_time_and_others_beside_them(
    redis: Redis, runner: Runner, released: threading.Event
) -> None:
    names = ("first.1", "second.1")

    def claims() -> list[bytes | None]:
        return [holder(redis, name) for name in names]

    def run_alone(name: str) -> None:
        runner.run(Message(name, "embed", alone=True, queue=QUEUE, queued=1))

    begun, waits = runner.id.encode(), (RECEIVED + runner.id).encode()
    with ThreadPoolExecutor(3) as threads:
        for name in names:
            put(redis, name, whole(SLOW))
        third = put(redis, "third.1", {"images": []})
        suspects = [threads.submit(run_alone, name) for name in names]
        # The other is here, and not to blame should this one end the worker.
        wait_until(lambda: sorted(claims(), key=str) == sorted([begun, waits], key=str))
        threads.submit(runner.run, third).result()
        assert answers_to(redis, "third.1", 1) == [[]]
        assert sorted(claims(), key=str) == sorted([begun, waits], key=str)
        released.set()
        for suspect in suspects:
            suspect.result()
        assert [len(answers_to(redis, name, 1)) for name in names] == [1, 1]
        assert left_of(redis) == []  # what is done does not answer for what ends the worker later


def test_every_call_of_the_interface_but_the_local_ones_is_a_task() -> None:
    calls = {name for name, member in vars(LocalInference).items() if iscoroutinefunction(member) and name[0] != "_"}
    assert calls - {"start", "close", "ready", "info", "models"} == set(METHODS[INFERENCE_QUEUE])
