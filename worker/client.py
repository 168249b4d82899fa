"""Inference on workers elsewhere, reached over Redis."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from model.attributes import Attribute, Vector
from model.edits import Edit
from model.errors import FacetError, Unavailable
from worker.backlog import Backlog
from worker.celery_app import INFERENCE_QUEUE, create_celery
from worker.connections import connect_async
from worker.fleet import Fleet
from worker.inference import Align, Drawing, Face, ModelInfo, Verification
from worker.post import Post

NO_WORKER = "No inference worker answers; start one with `facet worker`."


class CeleryInference:
    """Implements `worker.inference.Inference` by tasks that workers answer. All calls come from one event loop.

    Beside its own errors each call raises Busy when its turn would come too late, and Unavailable when Redis or the
    workers do not answer.
    """

    def __init__(self, redis_url: str, *, timeout: float = 30.0, max_batch: int = 64, max_queue: int = 256) -> None:
        """Nothing is connected before `start`.

        Calls of up to `max_batch` pictures travel together. A call is given up after `timeout` seconds, and refused at
        once where `max_queue` pictures of this process wait, or so many that it could not be answered in that time.
        """
        self._url = redis_url
        self._timeout = timeout
        self._max_batch = max_batch
        self._backlog = Backlog(max_queue, max_wait=timeout)
        self._started: tuple[Redis, Fleet, Post] | None = None

    async def start(self) -> None:
        """Begin to listen for answers; whether anybody answers is what `ready` says."""
        redis = connect_async(self._url)
        fleet = Fleet(redis, INFERENCE_QUEUE)
        celery = create_celery(self._url, stores_results=False)
        post = Post(celery, redis, fleet, self._max_batch)
        post.start()
        self._started = redis, fleet, post

    async def close(self) -> None:
        """Refuse what is not answered yet."""
        if self._started is not None:
            redis, _, post = self._started
            self._started = None
            await post.close()
            await redis.aclose()

    async def ready(self) -> str | None:
        """None when requests can be answered, else the sentence that says what is missing."""
        try:
            _, fleet, _ = self._connection()
            return None if await fleet.read() else NO_WORKER
        except Unavailable as error:
            return error.message

    async def info(self) -> ModelInfo:
        """What the loaded model says of itself. Raises Unavailable."""
        return cast(ModelInfo, next(iter((await self._workers()).values())))

    async def embed(
        self, images: Sequence[bytes], *, align: Align = "auto", max_faces: int = 1
    ) -> list[list[Face] | FacetError]:
        """For each picture its faces, largest first, or the error that this picture met."""
        arguments = {"images": list(images), "align": align, "max_faces": max_faces}
        return cast(list[list[Face] | FacetError], await self._ask("embed", len(images), arguments))

    async def reconstruct(self, source: bytes | Vector, *, align: Align = "auto") -> Drawing:
        """Draw the face of a photograph, or of an embedding, through all four networks."""
        return cast(Drawing, await self._ask("reconstruct", 1, {"source": source, "align": align}))

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
        return cast(Drawing, await self._ask("edit", 1 + len(sources), arguments))

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
        return cast(list[Drawing], await self._ask("generate", max(count, 1), arguments))

    async def verify(self, image: bytes, other: bytes, *, align: Align = "auto") -> Verification:
        """Compare the largest face of each picture by identity."""
        return cast(Verification, await self._ask("verify", 2, {"image": image, "other": other, "align": align}))

    async def _ask(self, method: str, size: int, arguments: dict[str, Any]) -> Any:
        await self._workers()
        _, _, post = self._connection()
        self._backlog.enter(size)
        try:
            return await post.ask(method, arguments, size, self._timeout)
        finally:
            for _ in range(size):
                self._backlog.leave()

    async def _workers(self) -> Mapping[str, object]:
        """What each worker says of itself, at least one. Raises Unavailable if there is none."""
        _, fleet, _ = self._connection()
        members = await fleet.members()
        if not members:
            raise Unavailable(NO_WORKER, part="worker")
        return members

    def _connection(self) -> tuple[Redis, Fleet, Post]:
        if self._started is None:
            raise Unavailable("The service is starting or stopping; try again soon.")
        return self._started
