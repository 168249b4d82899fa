"""Inference on workers elsewhere, reached over Redis."""

from collections.abc import Sequence
from typing import cast

from model.attributes import Attribute, Vector
from model.edits import Edit
from model.errors import FacetError
from worker.interface import Align, Drawing, Face, ModelInfo, Verification
from worker.queue.client import QueueClient
from worker.queue_names import INFERENCE_QUEUE


class CeleryInference:
    """Implements `worker.interface.Inference` by tasks that workers answer. All calls come from one event loop.

    Beside its own errors each call raises Busy when its turn would come too late, and Unavailable when Redis or the
    workers do not answer.
    """

    def __init__(self, redis_url: str, *, timeout: float = 30.0, max_batch: int = 64, max_queue: int = 256) -> None:
        """Nothing is connected before `start`; the limits, in pictures, are those of `QueueClient`."""
        self._queue = QueueClient(redis_url, INFERENCE_QUEUE, timeout=timeout, max_batch=max_batch, max_queue=max_queue)

    async def start(self) -> None:
        """Begin to listen for answers; whether anybody answers is what `ready` says."""
        await self._queue.start()

    async def close(self) -> None:
        """Refuse what is not answered yet."""
        await self._queue.close()

    async def ready(self) -> str | None:
        """None when requests can be answered, else the sentence that says what is missing."""
        return await self._queue.ready()

    async def info(self) -> ModelInfo:
        """What the loaded model says of itself. Raises Unavailable."""
        return cast(ModelInfo, next(iter((await self._queue.workers()).values())))

    async def embed(
        self, images: Sequence[bytes], *, align: Align = "auto", max_faces: int = 1
    ) -> list[list[Face] | FacetError]:
        """For each picture its faces, largest first, or the error that this picture met."""
        arguments = {"images": list(images), "align": align, "max_faces": max_faces}
        return cast(list[list[Face] | FacetError], await self._queue.ask("embed", len(images), arguments))

    async def reconstruct(self, source: bytes | Vector, *, align: Align = "auto") -> Drawing:
        """Draw the face of a photograph, or of an embedding, through all four networks."""
        return cast(Drawing, await self._queue.ask("reconstruct", 1, {"source": source, "align": align}))

    async def edit(
        self,
        target: bytes | Vector,
        edits: Sequence[Edit],
        *,
        sources: Sequence[bytes] = (),
        align: Align = "auto",
        paste: bool = False,
        reencode: bool = False,
    ) -> Drawing:
        """Draw a face after some edits; `paste` puts it back into the photograph."""
        arguments = {
            "target": target,
            "edits": list(edits),
            "sources": list(sources),
            "align": align,
            "paste": paste,
            "reencode": reencode,
        }
        return cast(Drawing, await self._queue.ask("edit", 1 + len(sources), arguments))

    async def generate(
        self,
        count: int,
        *,
        seed: int | None = None,
        image: bytes | None = None,
        keep: Sequence[Attribute] = (),
        align: Align = "auto",
    ) -> list[Drawing]:
        """Draw random faces, each holding the attributes `keep` of the face in `image`."""
        arguments = {"count": count, "seed": seed, "image": image, "keep": list(keep), "align": align}
        return cast(list[Drawing], await self._queue.ask("generate", max(count, 1), arguments))

    async def verify(self, image: bytes, other: bytes, *, align: Align = "auto") -> Verification:
        """Compare the largest face of each picture by identity."""
        return cast(Verification, await self._queue.ask("verify", 2, {"image": image, "other": other, "align": align}))
