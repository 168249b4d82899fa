"""Many pictures on their way at once: threads decode, detect and align, others run the networks on batches."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice, repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from facet.library.picture_result import Found
from facet.library.pictures import Picture, opened
from model.attributes import EMBEDDING_SIZE, Vector
from model.engine.backend import Backend, Pixels
from model.engine.processors import processors
from model.errors import FacetError
from model.faces.quality import likenesses
from worker.interface import Align
from worker.local.aligner import AlignedFace, Aligner
from worker.local.face_description import described

FEW = 16
"""Items below which a batch is not split among the networks' threads: it would cost nearly as much."""
AHEAD = 2
"""Batches that are prepared beyond those that the networks' threads are at."""

T = TypeVar("T")


class Pipeline:
    """A model and an aligner with the threads that keep both busy. Its calls may come from any thread."""

    def __init__(self, backend: Backend, aligner: Aligner, threads: int | None, max_batch: int) -> None:
        self.backend = backend
        self._aligner = aligner
        self._max_batch = max_batch
        self._pictures = ThreadPoolExecutor(threads or _threads(backend), thread_name_prefix="pictures")
        self._networks = ThreadPoolExecutor(backend.lanes, "networks", initializer=backend.share)

    def found(
        self,
        pictures: Iterable[Picture],
        align: Align,
        max_faces: int,
        show: bool = False,
        likeness: bool = False,
    ) -> Iterator[Found]:
        """What came of each picture, in order, while later ones are on their way; few are held at a time.

        With `show` each face is cut at the drawing size too, with `likeness` each is drawn back and compared.
        """
        waiting: deque[Future[list[Found]]] = deque()
        try:
            for chunk in _chunks(pictures, self._max_batch):
                faces = [self._pictures.submit(self._aligned, picture, align, max_faces, show) for picture in chunk]
                waiting.append(self._networks.submit(self._described, chunk, faces, likeness))
                if len(waiting) >= self.backend.lanes + AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def embed(self, crops: Pixels) -> Vector:
        """Crops `(n, size, size, 3)` -> embeddings `(n, 99)`."""
        return self._batched(self.backend.embed, crops) if len(crops) else np.zeros((0, EMBEDDING_SIZE), np.float32)

    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` -> pictures `(n, size, size, 3)`."""
        size = self.backend.image_size
        if not len(embeddings):
            return np.zeros((0, size, size, 3), np.uint8)
        return self._batched(self.backend.render, embeddings)

    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces."""
        return self._networks.submit(self.backend.sample, count, seed).result()

    def each(self, function: Callable[[Any], T], items: Sequence[Any]) -> list[T]:
        """What a function that needs no network gives of each item."""
        return list(self._pictures.map(function, items))

    def pixels(self, picture: Picture) -> Pixels:
        """A picture `(h, w, 3)` at its own size."""
        data = opened(picture)
        return self._aligner.picture(data) if isinstance(data, bytes) else data

    def close(self) -> None:
        """Finish what is running; what has not begun is dropped."""
        for pool in (self._pictures, self._networks):
            pool.shutdown(cancel_futures=True)

    def _batched(self, run: Callable[[NDArray[Any]], NDArray[Any]], items: NDArray[Any]) -> NDArray[Any]:
        """What the networks give of many items, in parts for the threads that run them."""
        part = min(max(-(-len(items) // self.backend.lanes), FEW), self._max_batch)
        parts = [items[start : start + part] for start in range(0, len(items), part)]
        return np.concatenate(list(self._networks.map(run, parts)))

    def _aligned(self, picture: Picture, align: Align, max_faces: int, show: bool) -> list[AlignedFace] | FacetError:
        try:
            data = opened(picture)
            if isinstance(data, bytes):
                return self._aligner.faces(data, align, max_faces, show)
            return self._aligner.faces_in(data, align, max_faces, show)
        except FacetError as error:
            return error

    def _described(
        self, pictures: Sequence[Picture], waiting: Sequence[Future[list[AlignedFace] | FacetError]], likeness: bool
    ) -> list[Found]:
        """On a thread of the networks: wait for the faces of some pictures, and embed them together."""
        results = [future.result() for future in waiting]
        crops = [face.crop for faces in results if not isinstance(faces, FacetError) for face in faces]
        made = (one for batch in _chunks(crops, self._max_batch) for one in self._made(batch, likeness))
        found = []
        for picture, faces in zip(pictures, results, strict=True):
            if isinstance(faces, FacetError):
                found.append(Found(picture, error=faces))
            else:
                all_of_it = [described(face, *next(made), self.backend) for face in faces]
                found.append(Found(picture, all_of_it, aligned=faces))
        return found

    def _made(self, crops: Sequence[Pixels], likeness: bool) -> Iterable[tuple[Vector, float | None]]:
        """The embedding of each crop, and how like it the drawing of that is, where that was asked for."""
        embeddings = self.backend.embed(np.stack(crops))
        alike = likenesses(crops, self.backend.render(embeddings)) if likeness else repeat(None, len(crops))
        return zip(embeddings, alike, strict=True)


def _threads(backend: Backend) -> int:
    """How many decode: one for two processors, where the networks' threads share them, or one for each.

    More of them on two processors took a fifth of the rate and a third more processor time: they wait for each other.
    """
    return max(1, processors() // 2) if backend.shares_processors else processors()


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
