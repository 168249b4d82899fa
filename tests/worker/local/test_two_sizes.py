"""A model that draws larger pictures than it reads, through the whole of local inference."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from model.attributes import Attribute
from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.engine.engine import Engine
from model.errors import FacetError
from model.faces.detector import load_detector
from model.images.decode import ImageLimits, decode
from model.images.ssim import ssim
from tests.faces import draw_face, png
from tests.tiny import TINY, tiny_model
from worker.interface import Edit
from worker.local.inference import LocalInference

T = TypeVar("T")
FACE = png(draw_face(200, seed=1))
LIMITS = ImageLimits()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    path = tmp_path_factory.mktemp("model") / "two-sizes.safetensors"
    save_checkpoint(path, "two-sizes", tiny_model(config=replace(TINY, finer_channels=(8,))), Calibration(), {})
    return Engine(path, "cpu", "float32")


def ask(engine: Engine, question: Callable[[LocalInference], Awaitable[T]]) -> T:
    async def answer() -> T:
        inference = LocalInference(lambda: engine, load_detector, limits=LIMITS, threads=1)
        await inference.start()
        try:
            return await question(inference)
        finally:
            await inference.close()

    return asyncio.run(answer())


def test_the_model_says_both(engine: Engine) -> None:
    assert (engine.read_size, engine.image_size) == (64, 128)
    info = ask(engine, lambda inference: inference.info())
    assert (info.read_size, info.image_size) == (64, 128)


def test_a_photograph_is_compared_with_its_drawing_at_the_drawing_size(engine: Engine) -> None:
    drawing = ask(engine, lambda inference: inference.reconstruct(FACE))
    assert drawing.input is not None
    drawn, shown = decode(drawing.image, LIMITS), decode(drawing.input, LIMITS)
    assert drawn.shape == shown.shape == (128, 128, 3)
    assert drawing.ssim == pytest.approx(ssim(shown, drawn))


def test_what_was_drawn_is_read_again_reduced(engine: Engine) -> None:
    edit = Edit(Attribute.POSE, set={"yaw": 10.0})
    drawing = ask(engine, lambda inference: inference.edit(FACE, [edit], reencode=True))
    [[face]] = ask(engine, lambda inference: inference.embed([drawing.image], align="none"))
    assert not isinstance(face, FacetError)
    assert drawing.reencoded is not None
    np.testing.assert_allclose(drawing.reencoded, face.embedding, atol=1e-5)
    assert face.box == (0.0, 0.0, 128.0, 128.0)
