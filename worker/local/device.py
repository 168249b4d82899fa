"""The model behind its queue: runs the crops and embeddings of many requests in batches, on its own threads."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Gauge

from model.attributes import Vector
from model.engine.backend import Backend, Pixels
from model.errors import Busy, FacetError
from worker.backlog import Backlog
from worker.interface import ModelInfo
from worker.local.batcher import Batcher
from worker.stage_timing import span

DEVICE_BYTES = Gauge("facet_device_bytes", "Memory of the GPU that the networks run on", ["kind"])
"""`tensors` in use, `reserved` for this process, which FACET_MAX_DEVICE_BYTES bounds, and `free` for anybody."""


@dataclass(frozen=True)
class _Embed:
    crop: Pixels


@dataclass(frozen=True)
class _Render:
    embedding: Vector


@dataclass(frozen=True)
class _Sample:
    count: int
    seed: int


_Job = _Embed | _Render | _Sample


class Device:
    """A backend that many callers share. Jobs of one kind that wait at the same moment run together."""

    def __init__(self, backend: Backend, max_batch: int, max_queue: int, max_wait: float) -> None:
        self.backend = backend
        self._max_batch = max_batch
        self._backlog = Backlog(max_queue, max_wait)
        self._kinds = [*backend.memory()]
        for kind in self._kinds:
            DEVICE_BYTES.labels(kind).set_function(partial(self._bytes, kind))
        self._batcher = Batcher[_Job, NDArray[Any]](
            self._run, max_batch, self._backlog, backend.lanes, backend.share, self._test
        )

    def check(self, count: int) -> None:
        """Raises Busy where so many jobs would be refused now; called before work is done for them."""
        self._backlog.check(min(count, self._max_batch))

    def coming(self) -> AbstractContextManager[None]:
        """Announce that crops are prepared inside, for which `embed` will then be called with `patient`.

        Where the model runs on the cores that prepare them, faces that are embedded one by one cost twice the time.
        """
        several = self.backend.shares_processors and self.backend.lanes > 1
        return self._batcher.coming() if several else nullcontext()

    async def embed(self, crops: Sequence[Pixels], patient: bool = False) -> list[Vector]:
        """The embedding `(99,)` of each crop `(size, size, 3)`. Raises Busy or Unavailable."""
        return await self._answers([_Embed(crop) for crop in crops], patient)

    async def render(self, embeddings: Sequence[Vector]) -> list[Pixels]:
        """The picture `(size, size, 3)` of each embedding `(99,)`. Raises Busy or Unavailable."""
        return await self._answers([_Render(embedding) for embedding in embeddings])

    async def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces. Raises Busy or Unavailable."""
        return (await self._answers([_Sample(count, seed)]))[0]

    def busy_seconds(self) -> float:
        """How long the batch that the backend runs has been running."""
        return self._batcher.busy_seconds()

    @property
    def broken(self) -> bool:
        """Whether the backend fails at everything, as after a GPU error from which only a new process recovers."""
        return self._batcher.broken

    @asynccontextmanager
    async def examined(self) -> AsyncIterator[None]:
        """Run a network where something inside fails unforeseen: a detector may be the first to meet a broken device.

        Raises Unavailable instead of that if the device is broken.
        """
        try:
            yield
        except FacetError:
            raise
        except Exception:
            with suppress(Busy):
                await self.sample(1, 0)
            raise

    def close(self) -> None:
        """Finish what is queued."""
        self._batcher.close()
        for kind in self._kinds:
            DEVICE_BYTES.remove(kind)

    def _bytes(self, kind: str) -> float:
        """For the metrics: bytes of one kind, no number of a device that has failed and answers nothing."""
        return math.nan if self.broken else self.backend.memory()[kind]

    async def _answers(self, jobs: Sequence[_Job], patient: bool = False) -> list[NDArray[Any]]:
        # One request holds no more than a batch of the queue, however much it asks for.
        answers: list[NDArray[Any]] = []
        with span("network"):
            for start in range(0, len(jobs), self._max_batch):
                answers += await self._batcher.run(jobs[start : start + self._max_batch], patient)
        return answers

    def info(self, detector: str) -> ModelInfo:
        """What the model is, beside the name of the detector that finds its faces."""
        backend, calibration = self.backend, self.backend.calibration
        return ModelInfo(
            backend.id,
            backend.image_size,
            backend.read_size,
            detector,
            {attribute: list(named) for attribute, named in calibration.presets.items()},
            backend.card,
            threshold=calibration.threshold,
            slope=calibration.slope,
        )

    def _run(self, jobs: list[_Job]) -> list[NDArray[Any]]:
        embeds = [job.crop for job in jobs if isinstance(job, _Embed)]
        renders = [job.embedding for job in jobs if isinstance(job, _Render)]
        embedded = iter(self.backend.embed(np.stack(embeds)) if embeds else ())
        rendered = iter(self.backend.render(np.stack(renders)) if renders else ())
        return [
            self.backend.sample(job.count, job.seed)
            if isinstance(job, _Sample)
            else next(embedded if isinstance(job, _Embed) else rendered)
            for job in jobs
        ]

    def _test(self) -> None:
        """Run every network once. Raises what it raises, and RuntimeError for numbers that are none."""
        size = self.backend.read_size
        self.backend.render(self.backend.sample(1, 0))
        if not np.isfinite(self.backend.embed(np.full((1, size, size, 3), 128, np.uint8))).all():
            raise RuntimeError("the model gives numbers that are none")
