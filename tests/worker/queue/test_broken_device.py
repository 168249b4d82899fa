"""A device that fails at everything takes no work away from those that do not."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.engine.dummy import SIZE, DummyModel
from model.errors import CrashedWorker, FacetError, Unavailable
from tests.faces import png
from tests.processes import redis_server, wait_until, worker_process
from tests.worker.inprocess import FACE
from tests.worker.inprocess import started as started_here
from tests.worker.queue.broken_worker import BROKEN_WORKER, SickModel
from tests.worker.queue.fragile_worker import POISON
from tests.worker.queue.test_failure import fate
from tests.worker.queue.test_inference_client import started
from worker.interface import EXIT_BROKEN
from worker.queue.inference_client import CeleryInference

CROPS = [np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8) for seed in range(40)]


def test_what_a_broken_worker_had_is_done_by_another_and_its_process_ends(tmp_path: Path) -> None:
    async def calls(inference: CeleryInference) -> list[Any]:
        poison = asyncio.create_task(fate(inference.embed([png(POISON)], align="none")))
        return [await poison, *[await fate(inference.embed([png(crop)], align="none")) for crop in CROPS]]

    async def scenario(url: str) -> list[Any]:
        async with started(CeleryInference(url, timeout=60, max_batch=1)) as inference:
            groups = await asyncio.gather(*(calls(inference) for _ in range(3)))
            return [answer for group in groups for answer in group]

    with redis_server(tmp_path) as server, ExitStack() as stack:
        sick = stack.enter_context(worker_process(server, tmp_path, BROKEN_WORKER))
        stack.enter_context(worker_process(server, tmp_path))
        began = time.monotonic()
        answers = asyncio.run(asyncio.wait_for(scenario(server.url), 90))
        expected = DummyModel().embed(np.stack([POISON, *CROPS]))
        for answer, embedding in zip(answers, [*expected] * 3, strict=True):
            assert not isinstance(answer, FacetError), answer
            np.testing.assert_array_equal(answer[0][0].embedding, embedding)
        assert sick.wait(timeout=20) == EXIT_BROKEN
        assert time.monotonic() - began < 40
        assert server.workers() == 1
        assert "illegal memory access" in (tmp_path / "worker.log").read_text()


def test_what_breaks_one_worker_after_another_is_refused(tmp_path: Path) -> None:
    async def scenario(url: str) -> Any:
        async with started(CeleryInference(url, timeout=60)) as inference:
            return await fate(inference.embed([png(POISON)], align="none"))

    with redis_server(tmp_path) as server, ExitStack() as stack:
        workers = [stack.enter_context(worker_process(server, tmp_path, BROKEN_WORKER)) for _ in range(3)]
        assert isinstance(asyncio.run(asyncio.wait_for(scenario(server.url), 90)), CrashedWorker)
        assert server.workers() == 1
        wait_until(lambda: sorted(str(worker.poll()) for worker in workers) == ["70", "70", "None"], 20)


def test_a_broken_model_is_asked_no_more_and_says_so() -> None:
    async def scenario() -> None:
        model = SickModel()
        async with started_here(model) as inference:
            assert (await inference.ready(), inference.broken()) == (None, False)
            model.sick = True
            with pytest.raises(Unavailable, match="device has failed"):
                await inference.embed([FACE])
            assert inference.broken()
            assert await inference.ready() == "The model's device has failed; the process is started anew."
            # Not even where it would work again: its memory may hold anything.
            model.sick = False
            for call in (inference.embed([FACE]), inference.generate(1)):
                with pytest.raises(Unavailable, match="device has failed") as caught:
                    await call
                assert caught.value.details["retry_after"] >= 1

    asyncio.run(scenario())


def test_a_picture_that_fails_alone_breaks_nothing() -> None:
    class Picky(DummyModel):
        def embed(self, crops: Any) -> Any:
            if any((crop == POISON).all() for crop in crops):
                raise RuntimeError("not this one")
            return super().embed(crops)

    async def scenario() -> None:
        async with started_here(Picky()) as inference:
            for _ in range(3):
                with pytest.raises(RuntimeError, match="not this one"):
                    await inference.embed([png(POISON)], align="none")
            assert not inference.broken()
            [faces] = await inference.embed([FACE])
            assert not isinstance(faces, FacetError)

    asyncio.run(scenario())
