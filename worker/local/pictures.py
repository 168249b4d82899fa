"""The thread pool that decodes, aligns and encodes pictures."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from model.engine.backend import Pixels
from model.errors import FacetError
from model.faces.alignment import Frame, paste
from model.images.encode import SourceType, encode_png
from worker.backlog import Backlog
from worker.interface import Align
from worker.local.aligner import AlignedFace, Aligner
from worker.local.futures import finished
from worker.stage_timing import seconds, stage

SMALL = 3 * 64**2
"""Pixel values of a drawn picture up to which it is encoded faster than it is handed to a thread."""

P = ParamSpec("P")
T = TypeVar("T")


class Pictures:
    """An aligner and an encoder that many callers share, on a pool of threads with a bounded queue."""

    def __init__(self, aligner: Aligner, threads: int, max_queue: int, max_wait: float) -> None:
        self._aligner = aligner
        self._backlog = Backlog(max_queue, max_wait)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")

    async def detector_name(self) -> str:
        """The detector's name, once one could be loaded. Raises InvalidCheckpoint."""
        return await self.run(lambda: self._aligner.detector.name)

    async def faces(
        self, images: Sequence[bytes], align: Align, max_faces: int, show: bool = False
    ) -> list[list[AlignedFace] | FacetError]:
        """For each picture its faces, largest first, or the error that it met. Raises Busy."""
        found: list[list[AlignedFace] | FacetError] = [*self._aligner.at_once(images, show)] if align == "none" else []
        images = images[len(found) :]
        if not images:
            return found
        self._backlog.enter(len(images))
        futures = []
        for image in images:
            future = self._submit(self._aligner.faces, image, align, max_faces, show)
            future.add_done_callback(lambda _: self._backlog.leave())
            futures.append(future)
        await finished(futures)
        return found + [_faces_or_error(future) for future in futures]

    async def largest(self, images: Mapping[str, bytes], align: Align, show: bool = False) -> list[AlignedFace]:
        """The largest face of each picture, with `show` at the drawing size too.

        The first error is raised; of several pictures it names the one.
        """
        results = []
        found = await self.faces(list(images.values()), align, 1, show)
        for name, faces in zip(images, found, strict=True):
            if isinstance(faces, FacetError):
                if len(images) == 1:
                    raise faces
                raise type(faces)(f"In the picture `{name}`: {faces.message}", **faces.details, picture=name)
            results.append(faces[0])
        return results

    async def encoded(self, drawn: Sequence[Pixels]) -> list[bytes]:
        """Drawn pictures as PNG that says so."""
        if len(drawn) == 1 and drawn[0].size <= SMALL:
            return [_encoded(drawn[0], SourceType.TRAINED)]
        futures = [self._submit(_encoded, pixels, SourceType.TRAINED) for pixels in drawn]
        await finished(futures)
        return [future.result() for future in futures]

    async def pasted(self, photograph: bytes, drawn: Pixels, frame: Frame) -> bytes:
        """A photograph with a drawn crop in the frame, as PNG that says so."""

        def composite() -> bytes:
            # Decoded again: to hold the pixels of every photograph in work would cost a hundred times its bytes.
            with self._aligner.room_for(photograph):
                return _encoded(paste(self._aligner.picture(photograph), drawn, frame), SourceType.COMPOSITE)

        return await self.run(composite)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that runs on one of the threads."""
        return await asyncio.wrap_future(self._submit(function, *args, **kwargs))

    def close(self) -> None:
        """Finish what is queued."""
        self._pool.shutdown()

    def _submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        context, since = copy_context(), time.monotonic()

        def begin() -> T:
            seconds("queue").observe(time.monotonic() - since)
            return context.run(function, *args, **kwargs)

        return self._pool.submit(begin)


def _faces_or_error(future: Future[list[AlignedFace]]) -> list[AlignedFace] | FacetError:
    error = future.exception()
    return error if isinstance(error, FacetError) else future.result()


def _encoded(pixels: Pixels, source: SourceType) -> bytes:
    with stage("encode"):
        return encode_png(pixels, source)
