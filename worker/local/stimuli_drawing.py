"""Sets of stimuli drawn by a device that others use too."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from model.attributes import Vector
from model.engine.backend import Pixels
from model.faces.alignment import crop, whole_frame
from worker.interface import Drawing, DrawnSet
from worker.local.device import Device
from worker.local.pictures import Pictures
from worker.stimuli.stimulus import Kind

PLANNERS = 2
"""Sets that are planned at a time: a plan waits for the device, and the rest wait for it."""

T = TypeVar("T")


class Studios:
    """The threads on which sets are planned."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PLANNERS, thread_name_prefix="stimuli")

    def close(self) -> None:
        """Wait for the plans that have begun."""
        self._threads.shutdown(cancel_futures=True)

    async def draw(self, kind: Kind, device: Device, pictures: Pictures, model: str) -> DrawnSet:
        """A set drawn. Cancelled, its plan ends with its next question to the device. Raises what `plan` raises."""
        loop = asyncio.get_running_loop()
        studio = _Studio(device, loop)
        try:
            plan = await loop.run_in_executor(self._threads, kind.plan, studio)
        finally:
            studio.closed = True
        images = await pictures.encoded(await device.render([stimulus.embedding for stimulus in plan]))
        drawn = [Drawing(image, stimulus.embedding, model=model) for image, stimulus in zip(images, plan, strict=True)]
        table = [{name: _plain(value) for name, value in stimulus.columns.items()} for stimulus in plan]
        return DrawnSet([stimulus.name for stimulus in plan], drawn, table)


class _Studio:
    """Implements `worker.stimuli.stimulus.Studio` for a thread beside the event loop in which the device answers."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop) -> None:
        self.calibration = device.backend.calibration
        self.closed = False
        self._device = device
        self._loop = loop

    def sample(self, count: int, seed: int) -> Vector:
        return self._answer(self._device.sample(count, seed))

    def render(self, embeddings: Vector) -> Pixels:
        return np.stack(self._answer(self._device.render(list(embeddings))))

    def read(self, drawn: Pixels) -> Vector:
        return np.stack(self._answer(self._device.embed([as_read(self._device, picture) for picture in drawn])))

    def _answer(self, question: Coroutine[Any, Any, T]) -> T:
        if self.closed:
            question.close()
            raise RuntimeError("nobody waits for this set any more")
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()


def as_read(device: Device, drawn: Pixels) -> Pixels:
    """A drawn picture as a crop that the model reads."""
    size = device.backend.read_size
    return drawn if len(drawn) == size else crop(drawn, whole_frame(drawn), size)


def _plain(value: Any) -> Any:
    """A number of Python's own, as every table holds it."""
    return value.item() if isinstance(value, np.generic) else value
