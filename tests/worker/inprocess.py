"""Pictures, and questions to an inference in this process on the dummy model."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import numpy as np

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.errors import FacetError
from model.faces.alignment import crop, frame_of
from model.faces.detector import load_detector
from model.images.decode import ImageLimits, decode
from tests.faces import draw_face, png
from worker.interface import Face
from worker.local.inference import LocalInference

T = TypeVar("T")

LIMITS = ImageLimits()
MODEL = DummyModel()
FACE, SMILE, OTHER = (
    png(draw_face(seed=seed, mouth=mouth)) for seed, mouth in [(1, "neutral"), (1, "smile"), (2, "open")]
)
NOBODY = png(np.full((120, 120, 3), 90, np.uint8))
PAIR = png(np.hstack([draw_face(200, seed=1), np.pad(draw_face(120, seed=2), ((40, 40), (0, 0), (0, 0)), mode="edge")]))
"""Two faces, the larger one at the left."""
PATIENCE = 10.0


@asynccontextmanager
async def started(model: DummyModel = MODEL, **options: float) -> AsyncIterator[LocalInference]:
    inference = LocalInference(lambda: model, load_detector, limits=LIMITS, threads=2, **options)
    await inference.start()
    try:
        yield inference
    finally:
        await inference.close()


def answer(question: Callable[[LocalInference], Awaitable[T]]) -> T:
    """What a fresh inference answers."""

    async def ask() -> T:
        async with started() as inference:
            return await question(inference)

    return asyncio.run(ask())


def faces_in(image: bytes, **options: object) -> list[Face]:
    [found] = answer(lambda inference: inference.embed([image], **options))
    assert not isinstance(found, FacetError), found
    return found


def embedding_of(image: bytes) -> Vector:
    return faces_in(image)[0].embedding


def seen(image: bytes) -> Pixels:
    """The aligned crop of the largest face, step by step."""
    pixels = decode(image, LIMITS)
    return crop(pixels, frame_of(load_detector().detect(pixels)[0]), MODEL.image_size)
