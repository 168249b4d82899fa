"""Two models side by side in one fleet, as while one takes another's place: nothing of theirs is ever mixed."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.attributes import Attribute, Vector
from model.edits import Edit
from model.engine.backend import Pixels
from model.engine.dummy import SIZE, DummyModel
from model.errors import FacetError, InvalidRequest, Unavailable
from tests.faces import png
from tests.processes import RedisServer, redis_server, worker_process
from tests.worker.queue.other_worker import OTHER_WORKER, OtherModel
from tests.worker.queue.test_inference_client import started
from worker.interface import Drawing, Face, ModelInfo
from worker.queue.client import QueueClient
from worker.queue.inference_client import CeleryInference
from worker.queue_names import INFERENCE_QUEUE, model_queue

MODELS = {model.id: model for model in (DummyModel(), OtherModel())}
INFO = ModelInfo("", SIZE, SIZE, "haar", {})
CROPS = [np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8) for seed in range(24)]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with a worker of each model."""
    place: Path = tmp_path_factory.mktemp("mixed")
    with redis_server(place) as server, worker_process(server, place), worker_process(server, place, OTHER_WORKER):
        yield server


async def face_of(inference: CeleryInference, crop: Pixels, model: str | None = None) -> Face:
    [faces] = await inference.embed([png(crop)], align="none", model=model)
    assert not isinstance(faces, FacetError)
    return faces[0]


def pixels(drawing: Drawing) -> Pixels:
    return np.asarray(Image.open(BytesIO(drawing.image)))


def assert_of(model: str, embedding: Vector, crop: Pixels) -> None:
    np.testing.assert_array_equal(embedding, MODELS[model].embed(crop[None])[0])


def test_an_embedding_has_the_id_of_the_model_that_made_it(mixed: RedisServer) -> None:
    async def scenario() -> None:
        async with started(CeleryInference(mixed.url, max_batch=1)) as inference:
            assert set(await inference.models()) == set(MODELS)
            faces = await asyncio.gather(*(face_of(inference, crop) for crop in CROPS))
            assert {face.model for face in faces} == set(MODELS)
            for face, crop in zip(faces, CROPS, strict=True):
                assert_of(face.model, face.embedding, crop)

    asyncio.run(scenario())


@pytest.mark.parametrize("model", MODELS)
def test_a_call_for_one_model_is_answered_by_it(mixed: RedisServer, model: str) -> None:
    embedding = DummyModel().sample(1, seed=1)[0]

    async def scenario() -> None:
        async with started(CeleryInference(mixed.url, max_batch=1)) as inference:
            for face in await asyncio.gather(*(face_of(inference, crop, model) for crop in CROPS)):
                assert face.model == model
            expected = MODELS[model].render(embedding[None])[0]
            edits = [Edit(Attribute.STYLE, source=embedding)]
            for _ in range(6):
                drawn = await inference.reconstruct(embedding, model=model)
                edited = await inference.edit(embedding, edits, model=model)
                assert (drawn.model, edited.model) == (model, model)
                np.testing.assert_array_equal(pixels(drawn), expected)
                np.testing.assert_array_equal(pixels(edited), expected)
            assert (await inference.info(model)).id == model

    asyncio.run(scenario())


def test_an_embedding_of_an_unknown_model_is_given_to_none(mixed: RedisServer) -> None:
    embedding = DummyModel().sample(1, seed=1)[0]

    async def scenario() -> None:
        async with started(CeleryInference(mixed.url)) as inference:
            for call in (
                inference.reconstruct(embedding),
                inference.edit(embedding, []),
                inference.edit(png(CROPS[0]), [Edit(Attribute.STYLE, source=embedding)], align="none"),
                inference.info(),
            ):
                with pytest.raises(Unavailable, match="Several models run"):
                    await call
            for call in (inference.reconstruct(embedding, model="gone-1"), inference.info("gone-1")):
                with pytest.raises(InvalidRequest, match="'gone-1' does not run here"):
                    await call

    asyncio.run(scenario())


def test_a_queue_that_nobody_empties_any_more_expires(mixed: RedisServer) -> None:
    async def scenario() -> None:
        async with started(CeleryInference(mixed.url, timeout=0.3)) as inference:
            queue, none = inference._queue, model_queue("gone-1")
            with pytest.raises(Unavailable):
                await queue.ask("embed", 1, {"images": [], "align": "none", "max_faces": 1}, none)
            with mixed.client() as client:
                assert 0 < client.ttl(none) <= 600

    asyncio.run(scenario())


class Old(QueueClient):
    """Workers of the version before, which have no queue of their model and do not tell it."""

    def __init__(self, *models: str) -> None:
        super().__init__("redis://127.0.0.1:1/0", INFERENCE_QUEUE, timeout=1.0, max_batch=1, max_queue=1)
        self.models = models
        self.queues: list[str | None] = []

    async def workers(self, *, now: bool = False) -> dict[str, object]:
        return {f"{now}-{number}": replace(INFO, id=model) for number, model in enumerate(self.models)}

    async def answered(self, queue: str) -> bool:
        assert queue.startswith(INFERENCE_QUEUE)
        return False

    async def ask(self, method: str, size: int, arguments: dict[str, Any], queue: str | None = None) -> Any:
        assert (method, size, set(arguments)) == ("embed", 1, {"images", "align", "max_faces"})
        self.queues.append(queue)
        return [[Face((0, 0, 1, 1), 1.0, None, np.zeros(99, np.float32), {}, {})]]


def test_workers_of_the_version_before_are_asked_while_they_have_one_model() -> None:
    async def scenario() -> None:
        inference = CeleryInference("redis://127.0.0.1:1/0")
        inference._queue = uniform = Old("dummy-1", "dummy-1")
        for model in (None, "dummy-1"):
            assert (await face_of(inference, CROPS[0], model)).model == "dummy-1"
        assert uniform.queues == [None, None]
        inference._queue = several = Old("dummy-1", "other-1")
        for model in (None, "dummy-1"):
            with pytest.raises(Unavailable, match="Several models run"):
                await face_of(inference, CROPS[0], model)
        # Where it must be one model, not even asked.
        assert several.queues == [None]

    asyncio.run(scenario())
