"""Processes of this version and of the one before: each reads what the other writes, and what later ones add."""

import asyncio
import json
import time
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from redis import Redis

from gallery.query import Match, Query, Results, Term
from gallery.records import EnrolledFace
from model.attributes import EMBEDDING_SIZE, Attribute, normalized, part
from model.edits import Edit
from model.errors import NoFace, Unavailable
from tests.processes import RedisServer, redis_server
from tests.worker.queue.test_codec import assert_same
from tests.worker.queue.test_inference_client import started
from worker.interface import Drawing, Face, ModelInfo, Quality, Verification
from worker.queue.codec import BEFORE, VERSION, pack, pack_answers, unpack, unpack_answers
from worker.queue.inference_client import CeleryInference
from worker.queue.redis_keys import claim_key, payload_key, result_key, worker_key, workers_key
from worker.queue.tasks.messages import Message
from worker.queue.tasks.runner import Runner
from worker.queue_names import INFERENCE_QUEUE

RECORDED: dict[str, dict[str, bytes]] = {
    version: {name: b64decode(text) for name, text in messages.items()}
    for version, messages in json.loads((Path(__file__).parent / "messages.json").read_text()).items()
}
"""What each version wrote, of the values below. Those of a version never change."""

E = normalized(np.linspace(-1, 1, EMBEDDING_SIZE, dtype=np.float32))
QUALITY = Quality(0.25, 1.0, 0.5, 1.0, 0.5, None)
FACE = Face((1.5, 2.0, 3.0, 4.0), 0.75, ((0.0, 1.0), (2.0, 3.0)), E, {"yaw": 0.1}, {"neutral": 1.0}, "m-1", QUALITY)
DRAWING = Drawing(b"\x89PNG", E, input=b"\x89PNG", ssim=0.5, reencoded=E, model="m-1")
INFO = ModelInfo("m-1", 128, 64, "haar", {Attribute.EXPRESSION: ["happiness"]}, {"data": {"people": 3}}, 0.5, 9.0)
ENROLLED = EnrolledFace(
    "0199", 7, "ada", "default", "m-1", E, {"age": 30}, 0.5, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
)
TERM = Term(Attribute.STYLE, part(E, Attribute.STYLE), -0.5)
CALLS: dict[str, dict[str, Any]] = {
    "embed": {"images": [b"\xff\xd8"], "align": "auto", "max_faces": 1},
    "edit": {
        "target": E,
        "edits": [Edit(Attribute.POSE, set={"yaw": 20.0}, amount=0.3)],
        "sources": [],
        "align": "auto",
        "paste": False,
        "reencode": True,
    },
    "generate": {"count": 1, "seed": None, "image": None, "keep": [Attribute.POSE], "align": "auto"},
    "verify": {"image": b"a", "other": b"b", "align": "auto"},
    "search": {
        "queries": [Query((TERM,), k=3, metadata={"age": 30}, model="m-1", reference=E)],
        "at_least": 7,
    },
    "census": {"at_least": 7},
}
ANSWERS: dict[str, Any] = {
    "embed": [[FACE], NoFace("No face was found.")],
    "edit": DRAWING,
    "generate": [DRAWING],
    "verify": Verification(True, 0.9, 0.5, {Attribute.POSE: 0.25}),
    "search": [Results([Match(ENROLLED, 0.5, 0.5, {Attribute.STYLE: 0.5})], 9)],
    "census": {"m-1": 3},
}


LACKING: dict[str, dict[type, dict[str, Any]]] = {
    "1": {Face: {"model": "", "quality": None}, Drawing: {"model": ""}},
    "2": {Face: {"quality": None}},
}
"""What each version does not tell, as it is read."""


def as_told(value: Any, version: str) -> Any:
    """A value as a version told it."""
    if isinstance(value, list):
        return [as_told(item, version) for item in value]
    lacking = LACKING.get(version, {}).get(type(value))
    return value if lacking is None else replace(value, **lacking)


def comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value.to_data() if isinstance(value, NoFace) else value


@pytest.mark.parametrize("method", CALLS)
def test_calls_are_written_as_the_version_before_reads_them(method: str) -> None:
    recorded = RECORDED["1"][f"calls of {method}"]
    assert pack([pack(CALLS[method], BEFORE)], BEFORE) == recorded
    [call] = unpack(recorded)
    assert_same_call(unpack(call), CALLS[method])


def assert_same_call(one: dict[str, Any], other: dict[str, Any]) -> None:
    # A query keeps what it once worked out beside its fields.
    assert one.keys() == other.keys()
    assert pack(one) == pack(other)


@pytest.mark.parametrize("method", ANSWERS)
def test_answers_are_written_as_the_asking_version_reads_them(method: str) -> None:
    for version, messages in RECORDED.items():
        recorded = messages.get(f"answers of {method}")
        if recorded is not None:
            assert pack_answers([ANSWERS[method]], int(version)) == recorded


@pytest.mark.parametrize("method", ANSWERS)
def test_answers_of_every_version_are_read(method: str) -> None:
    for version, messages in RECORDED.items():
        if f"answers of {method}" in messages:
            [told] = unpack_answers(messages[f"answers of {method}"], 1)
            assert_same(comparable(told), comparable(as_told(ANSWERS[method], version)))
    [present] = unpack_answers(pack_answers([ANSWERS[method]], VERSION), 1)
    assert_same(comparable(present), comparable(ANSWERS[method]))


def test_a_least_quality_is_asked_of_every_version_and_left_out_by_those_who_do_not_know_it() -> None:
    query = Query((TERM,), min_quality=0.5)
    assert unpack(pack(query, BEFORE)).min_quality == 0.5
    before = pack(Query((TERM,)), BEFORE)
    assert b"min_quality" not in before
    assert unpack(before).min_quality is None


def test_what_workers_say_of_themselves_is_read_by_every_version() -> None:
    assert pack(INFO, BEFORE) == RECORDED["1"]["about"]
    assert_same(unpack(RECORDED["1"]["about"]), INFO)


def later(name: str, content: dict[str, Any]) -> bytes:
    """A record as a later version may write it."""
    packed: bytes = msgpack.packb(msgpack.ExtType(1, pack([name, content])))
    return packed


def test_unknown_fields_are_left_out_and_missing_ones_have_their_defaults() -> None:
    content = {"id": "m-2", "image_size": 128, "read_size": 64, "detector": "x", "presets": {}, "future": [1]}
    assert_same(unpack(later("ModelInfo", content)), ModelInfo("m-2", 128, 64, "x", {}))
    assert unpack_answers(pack({"version": 9, "answers": [1, 2], "future": 3}), 2) == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        later("Unheard", {}),
        later("ModelInfo", {"id": "m-2"}),
        msgpack.packb(msgpack.ExtType(77, b"")),
        msgpack.packb(msgpack.ExtType(2, msgpack.packb({"text": "no code"}))),
        b"\xc1",
    ],
    ids=["record", "fields", "type", "error", "bytes"],
)
def test_what_cannot_be_read_says_so(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^"):
        unpack(data)
    for wrong in (data, pack([1, 2]), pack({"version": 3})):
        with pytest.raises(ValueError, match=r"^"):
            unpack_answers(wrong, 1)


class Echo:
    """A service of which a later version asks more."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def info(self) -> object:
        return INFO

    def broken(self) -> bool:
        return False

    async def embed(self, images: list[bytes], max_faces: int = 1) -> list[Face]:
        return [FACE] * len(images) * max_faces


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with redis_server(tmp_path_factory.mktemp("versions")) as server:
        yield server


def result_of(redis: Redis, task_id: str) -> bytes:
    stored = redis.get(result_key(task_id))
    assert isinstance(stored, bytes)
    answers: bytes = msgpack.unpackb(stored)["result"]
    return answers


def test_a_worker_answers_calls_of_versions_before_and_after(server: RedisServer) -> None:
    with server.client() as redis:
        runner = Runner(Echo(), redis)
        try:
            runner.start()
            redis.set(payload_key("t.1"), pack([pack({"images": [b"a"], "future": {"x": 1}})]), px=9000)
            runner.run(Message("t.1", "embed", version=VERSION))
            [found] = unpack_answers(result_of(redis, "t.1"), 1)
            assert_same(found, [FACE])
            # The version before looks for the claim of a task under a key of its own, and deletes it.
            assert redis.get(claim_key("t.1")) == runner.id.encode()
            runner.run(Message("t.1", "embed", version=1))
            assert result_of(redis, "t.1") == pack([[FACE]], 1)
        finally:
            runner.close()


def register(redis: Redis, worker: str, about: bytes) -> None:
    redis.sadd(workers_key(INFERENCE_QUEUE), worker)
    redis.set(worker_key(worker), about)


def test_a_worker_that_cannot_be_understood_is_none_and_spoils_nothing(server: RedisServer) -> None:
    async def scenario() -> None:
        async with started(CeleryInference(server.url)) as inference:
            assert list(await inference.models()) == ["m-1"]

    with server.client() as redis, redis.pubsub() as presence:
        presence.subscribe(worker_key("good"), worker_key("strange"))
        register(redis, "strange", later("Unheard", {}))
        register(redis, "good", RECORDED["1"]["about"])
        asyncio.run(scenario())


def test_an_answer_that_cannot_be_read_is_told_at_once(server: RedisServer) -> None:
    async def scenario(redis: Redis) -> None:
        async with started(CeleryInference(server.url, timeout=20)) as inference:
            call = asyncio.create_task(inference.embed([b"a"]))
            while not (tasks := redis.keys(payload_key("*"))):
                await asyncio.sleep(0.01)
            task = tasks[0].decode().removeprefix(payload_key(""))
            message = msgpack.packb({"status": "SUCCESS", "result": b"\xc1"})
            while not redis.publish(result_key(task), message):
                await asyncio.sleep(0.01)
            began = time.monotonic()
            with pytest.raises(Unavailable, match="another version"):
                await call
            assert time.monotonic() - began < 2

    with server.client() as redis, redis.pubsub() as presence:
        redis.flushdb()
        presence.subscribe(worker_key("good"))
        register(redis, "good", RECORDED["1"]["about"])
        asyncio.run(scenario(redis))
