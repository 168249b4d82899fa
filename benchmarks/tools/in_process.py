"""What a service's parts take without HTTP: the other side of its benchmarks, in a process of its own."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing import get_context
from statistics import median
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from model.engine.backend import Pixels
    from model.faces.detector import Detection

BATCH = 64
"""Faces that the service takes at once."""
AHEAD = 2
"""Batches of pictures that are in the hands of the threads while a lane of the networks has one."""


class _Parts:
    """The engine and the preparation of pictures, as the service has them: the same pool of threads before one model.

    What the service adds, which is HTTP, queues and metrics, is not here.
    """

    def __init__(self, model: str) -> None:
        # Imported here: only the process of these parts needs torch.
        from model.engine.backend import load_backend
        from model.faces.detector import load_detector
        from model.images.decode import ImageLimits
        from worker.local.aligner import Aligner
        from worker.local.pixel_budget import decoding_threads

        self.backend = load_backend(model)
        self.aligner = Aligner(load_detector, ImageLimits(), self.backend.read_size, self.backend.image_size)
        self.pool = ThreadPoolExecutor(decoding_threads(self.backend.shares_processors))
        self.lanes = ThreadPoolExecutor(self.backend.lanes, initializer=self.backend.share)
        self.render(np.repeat(self.backend.sample(1, seed=0), BATCH, axis=0))

    def crop(self, picture: bytes) -> Any:
        """The crop of a picture that shows nothing but a face."""
        return self.aligner.faces(picture, "none", 1)[0].crop

    def embed(self, crops: Sequence[Any]) -> Any:
        """Embeddings of some crops."""
        return self.backend.embed(np.stack(crops))

    def render(self, embeddings: Any) -> Any:
        """Pictures of some embeddings."""
        return self.backend.render(embeddings)


_parts: _Parts


def _load(model: str) -> None:
    global _parts  # noqa: PLW0603 - the one thing that this process is for
    _parts = _Parts(model)


def _faces_per_second(pictures: Sequence[bytes], seconds: float) -> float:
    return sum(_parts.lanes.map(lambda _: _faces_per_second_of_lane(pictures, seconds), range(_parts.backend.lanes)))


def _faces_per_second_of_lane(pictures: Sequence[bytes], seconds: float) -> float:
    following = cycle(pictures)
    waiting: deque[list[Future[Any]]] = deque()

    def hand_out() -> None:
        waiting.append([_parts.pool.submit(_parts.crop, picture) for picture in islice(following, BATCH)])

    for _ in range(AHEAD):
        hand_out()
    done, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds:
        hand_out()
        _parts.embed([future.result() for future in waiting.popleft()])
        done += BATCH
    rate = done / (time.perf_counter() - begun)
    for batch in waiting:
        for future in batch:
            future.result()
    return rate


def _median_ms(work: Callable[[], Any], seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1000 * median(times)


def _embed_ms(picture: bytes, seconds: float) -> float:
    return _parts.lanes.submit(_median_ms, lambda: _parts.embed([_parts.crop(picture)]), seconds).result()


def _render_ms(seconds: float) -> float:
    embedding = _parts.backend.sample(1, seed=0)
    return _parts.lanes.submit(_median_ms, lambda: _parts.render(embedding), seconds).result()


def _stages_ms(photographs: Sequence[bytes], seconds: float) -> dict[str, float]:
    """Milliseconds a photograph of each stage, run with nothing else on all threads."""
    from model.faces.alignment import crop, frame_of

    aligner, size = _parts.aligner, _parts.backend.read_size

    def detect(picture: "Pixels") -> "Detection":
        return aligner.detector.detect(picture, 1)[0]  # of the thread that runs this, as each has its own

    batch = list(islice(cycle(photographs), BATCH))
    pixels = [aligner.picture(data) for data in batch]
    frames = [(each, frame_of(detect(each))) for each in pixels]
    crops = [crop(each, frame, size) for each, frame in frames]
    work: dict[str, Callable[[], Any]] = {
        "decode": lambda: list(_parts.pool.map(aligner.picture, batch)),
        "detect": lambda: list(_parts.pool.map(detect, pixels)),
        "align": lambda: list(_parts.pool.map(lambda pair: crop(pair[0], pair[1], size), frames)),
        "network": lambda: list(_parts.lanes.map(_parts.embed, np.array_split(crops, _parts.backend.lanes))),
    }
    return {stage: _median_ms(run, seconds / len(work)) / BATCH for stage, run in work.items()}


class Alone:
    """The parts of a service, in a process that does nothing else."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    @classmethod
    @contextmanager
    def loaded(cls, model: str) -> Iterator[Self]:
        """The parts over a model, in a process that has loaded it."""
        with ProcessPoolExecutor(1, get_context("spawn"), _load, (model,)) as pool:
            yield cls(pool)

    def faces_per_second(self, pictures: Sequence[bytes], seconds: float) -> float:
        """Decoding of aligned pictures on the service's threads, and full batches through the engine, side by side."""
        return self._pool.submit(_faces_per_second, pictures, seconds).result()

    def embed_ms(self, picture: bytes, seconds: float) -> float:
        """The median time to decode and embed one aligned picture."""
        return self._pool.submit(_embed_ms, picture, seconds).result()

    def render_ms(self, seconds: float) -> float:
        """The median time to draw one face."""
        return self._pool.submit(_render_ms, seconds).result()

    def stages_ms(self, photographs: Sequence[bytes], seconds: float) -> dict[str, float]:
        """Milliseconds of each stage of a whole photograph, where each has the machine to itself."""
        return self._pool.submit(_stages_ms, photographs, seconds).result()
