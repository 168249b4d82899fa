"""Calls that share the model: batches, a full queue, cancellation and closing."""

import asyncio
import threading

import numpy as np
import pytest
from prometheus_client import REGISTRY

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.errors import Busy, Unavailable
from model.faces.detector import Detection
from tests.worker.inprocess import FACE, MODEL, OTHER, PAIR, PATIENCE, SMILE, seen, started
from worker.local.inference import LocalInference


class GatedModel(DummyModel):
    """The dummy behind a gate; notes how many crops it embedded at once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()
        self.batches: list[int] = []

    def embed(self, crops: Pixels) -> Vector:
        self.entered.set()
        assert self.gate.wait(PATIENCE)
        self.batches.append(len(crops))
        return super().embed(crops)

    async def close_gate(self, inference: LocalInference) -> asyncio.Task[object]:
        """A call that holds the model at the closed gate."""
        self.batches.clear()
        self.entered.clear()
        self.gate.clear()
        task: asyncio.Task[object] = asyncio.create_task(inference.embed([FACE]))
        assert await asyncio.to_thread(self.entered.wait, PATIENCE)
        return task


async def queued(inference: LocalInference, count: int) -> None:
    """Return when so many jobs wait for the model."""
    assert inference._loaded
    async with asyncio.timeout(PATIENCE):
        while len(inference._loaded.device._batcher._waiting) < count:
            await asyncio.sleep(0.01)


def test_a_call_that_takes_too_long_is_given_up_and_out_of_the_queue() -> None:
    async def ask() -> list[int]:
        model = GatedModel()
        async with started(model, max_wait=2) as inference:
            held = await model.close_gate(inference)
            with pytest.raises(Unavailable, match=r"did not answer within 2 s"):
                await inference.embed([SMILE])
            with pytest.raises(Unavailable, match=r"did not answer within 2 s"):
                await held
            model.gate.set()
            [[face]] = await inference.embed([OTHER])
            assert face.embedding.tobytes() == MODEL.embed(seen(OTHER)[None]).tobytes()
        return model.batches

    assert asyncio.run(ask()) == [1, 1]  # what was begun, and the last


def test_requests_that_wait_share_a_batch() -> None:
    async def ask() -> list[int]:
        model = GatedModel()
        async with started(model) as inference:
            held = await model.close_gate(inference)
            waiting = [asyncio.create_task(inference.embed([image])) for image in (FACE, SMILE, OTHER)]
            await queued(inference, 3)
            model.gate.set()
            answers = await asyncio.gather(held, *waiting)
            for image, [[face]] in zip((FACE, FACE, SMILE, OTHER), answers, strict=True):
                np.testing.assert_array_equal(face.embedding, MODEL.embed(seen(image)[None])[0])
        return model.batches

    assert asyncio.run(ask()) == [1, 3]


def test_one_request_may_ask_for_more_than_the_queue_holds() -> None:
    async def ask() -> int:
        async with started(max_batch=2, max_queue=3) as inference:
            [faces] = await inference.embed([PAIR], max_faces=2)
            assert len(faces) == 2
            assert len(await inference.embed([FACE] * 5)) == 5
            return len(await inference.generate(7, seed=1))

    assert asyncio.run(ask()) == 7


def test_a_full_queue_is_busy_and_recovers() -> None:
    async def ask() -> None:
        model = GatedModel()
        async with started(model, max_queue=2) as inference:
            held = await model.close_gate(inference)
            waiting = asyncio.create_task(inference.embed([FACE]))
            await queued(inference, 1)
            with pytest.raises(Busy) as caught:
                await inference.embed([FACE])
            assert caught.value.details["retry_after"] >= 1
            model.gate.set()
            await asyncio.gather(held, waiting)
            assert len((await inference.embed([FACE]))[0]) == 1

    asyncio.run(ask())


def test_with_a_full_queue_no_picture_is_looked_at() -> None:
    async def ask() -> None:
        model = GatedModel()
        async with started(model, max_queue=1) as inference:
            held = await model.close_gate(inference)
            for align in ("auto", "none"):
                with pytest.raises(Busy):
                    await inference.embed([b"no picture"], align=align)
            model.gate.set()
            await held

    asyncio.run(ask())


def test_a_cancelled_call_drops_what_has_not_started() -> None:
    async def ask() -> list[int]:
        model = GatedModel()
        async with started(model) as inference:
            held = await model.close_gate(inference)
            given_up = asyncio.create_task(inference.embed([FACE, OTHER]))
            await queued(inference, 2)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            model.gate.set()
            await held
        return model.batches

    assert asyncio.run(ask()) == [1]


def test_closing_waits_for_what_is_running() -> None:
    async def ask() -> None:
        model = GatedModel()
        async with started(model) as inference:
            held = await model.close_gate(inference)
            closing = asyncio.create_task(inference.close())
            await asyncio.sleep(0)
            with pytest.raises(Unavailable):
                await inference.embed([FACE])
            assert not closing.done()
            model.gate.set()
            await closing
            assert len((await held)[0]) == 1

    asyncio.run(ask())


class Remembering(DummyModel):
    """The dummy with a device of its own, whose memory fills."""

    held = 7

    def memory(self) -> dict[str, int]:
        return {"reserved": self.held}


def test_the_memory_of_a_gpu_is_in_the_metrics() -> None:
    def shown() -> float | None:
        return REGISTRY.get_sample_value("facet_device_bytes", {"kind": "reserved"})

    async def ask() -> None:
        model = Remembering()
        async with started(model):
            assert shown() == 7
            model.held = 9
            assert shown() == 9

    asyncio.run(ask())
    assert shown() is None


class Lost:
    """A detector on a device that fails, and takes the model with it or not."""

    name = "lost"
    longest = 640
    shared = True

    def __init__(self, model: "Following") -> None:
        self.model = model

    def detect(self, _: Pixels, at_most: int | None = None) -> list[Detection]:
        self.model.lost = self.model.follows
        raise RuntimeError(f"CUDA error: an illegal memory access was encountered, for {at_most}")


class Following(DummyModel):
    """The dummy on the detector's device."""

    def __init__(self, follows: bool) -> None:
        super().__init__()
        self.follows, self.lost = follows, False

    def sample(self, count: int, seed: int) -> Vector:
        if self.lost:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return super().sample(count, seed)


@pytest.mark.parametrize(
    ("follows", "error", "message"), [(True, Unavailable, "has failed"), (False, RuntimeError, "for 1")]
)
def test_a_device_that_fails_where_faces_are_found_is_found_out(
    follows: bool, error: type[Exception], message: str
) -> None:
    async def ask() -> tuple[bool, str | None]:
        model = Following(follows)
        inference = LocalInference(lambda: model, lambda: Lost(model), threads=1)
        await inference.start()
        try:
            with pytest.raises(error, match=message):
                await inference.embed([FACE])
            return inference.broken(), await inference.ready()
        finally:
            await inference.close()

    broken, ready = asyncio.run(ask())
    assert broken is follows
    assert (ready is None) is not follows
