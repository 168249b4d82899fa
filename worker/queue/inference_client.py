"""Inference by worker processes: the implementation of the interface over the queue."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from model.attributes import Attribute, Vector
from model.edits import Edit
from model.errors import FacetError, Unavailable
from worker.interface import Align, Drawing, DrawnSet, Face, ModelInfo, Verification, not_running
from worker.queue.client import MAX_BYTES, QueueClient
from worker.queue_names import INFERENCE_QUEUE, model_queue
from worker.stimuli.stimulus import Kind

Made = TypeVar("Made", Face, Drawing)


class CeleryInference:
    """Implements `worker.interface.Inference` by tasks that workers answer. All calls come from one event loop.

    Beside its own errors each call raises Busy when its turn would come too late, and Unavailable when Redis or the
    workers do not answer.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        timeout: float = 30.0,
        max_batch: int = 64,
        max_queue: int = 256,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Nothing is connected before `start`; the limits, in pictures and bytes, are those of `QueueClient`."""
        self._queue = QueueClient(
            redis_url,
            INFERENCE_QUEUE,
            timeout=timeout,
            max_batch=max_batch,
            max_queue=max_queue,
            max_bytes=max_bytes,
        )
        self._known: dict[str, ModelInfo] = {}
        """Every model that was ever seen: an answer may come from a worker that has just ended."""

    async def start(self) -> None:
        """Begin to listen for answers; whether anybody answers is what `ready` says."""
        await self._queue.start()

    async def close(self) -> None:
        """Refuse what is not answered yet."""
        await self._queue.close()

    async def ready(self) -> str | None:
        """None when requests can be answered, else the sentence that says what is missing."""
        return await self._queue.ready()

    async def models(self) -> Mapping[str, ModelInfo]:
        """The models that run, by id, at least one; the one that most workers have comes first. Raises Unavailable."""
        return self._models(await self._queue.workers())

    async def info(self, model: str | None = None) -> ModelInfo:
        """What a model says of itself: the one of this id, or the only one that runs.

        Raises InvalidRequest for a model that does not run, Unavailable where there are several or none.
        """
        models = await self.models()
        if model is None:
            [model] = _only(models)
        elif model not in self._known:
            models = self._models(await self._queue.workers(now=True))
        if model not in self._known:
            raise not_running(model, models)
        return self._known[model]

    async def embed(
        self,
        images: Sequence[bytes],
        *,
        align: Align = "auto",
        max_faces: int = 1,
        model: str | None = None,
        likeness: bool = False,
    ) -> list[list[Face] | FacetError]:
        """For each picture its faces, largest first, or the error that this picture met."""
        arguments = {"images": list(images), "align": align, "max_faces": max_faces}
        if likeness:
            arguments["likeness"] = True
        running = await self.models()
        found: list[list[Face] | FacetError] = await self._ask("embed", len(images), arguments, model)
        return [faces if isinstance(faces, FacetError) else await self._signed(faces, running) for faces in found]

    async def reconstruct(self, source: bytes | Vector, *, align: Align = "auto", model: str | None = None) -> Drawing:
        """Draw the face of a photograph, or of an embedding, through all four networks."""
        if model is None and not isinstance(source, bytes):
            model = (await self.info()).id
        [drawing] = await self._drawn("reconstruct", 1, {"source": source, "align": align}, model)
        return drawing

    async def edit(
        self,
        target: bytes | Vector,
        edits: Sequence[Edit],
        *,
        sources: Sequence[bytes] = (),
        align: Align = "auto",
        paste: bool = False,
        reencode: bool = False,
        model: str | None = None,
    ) -> Drawing:
        """Draw a face after some edits; `paste` puts it back into the photograph."""
        given = [target, *(edit.source for edit in edits)]
        if model is None and any(isinstance(origin, np.ndarray) for origin in given):
            model = (await self.info()).id
        arguments = {
            "target": target,
            "edits": list(edits),
            "sources": list(sources),
            "align": align,
            "paste": paste,
            "reencode": reencode,
        }
        [drawing] = await self._drawn("edit", 1 + len(sources), arguments, model)
        return drawing

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
        return await self._drawn("generate", max(count, 1), arguments)

    async def stimuli(self, kind: Kind, *, model: str | None = None) -> DrawnSet:
        """Draw a set of stimuli. Raises what its `plan` raises."""
        model = model or (await self.info()).id
        return cast(DrawnSet, await self._ask("stimuli", kind.count, {"kind": kind}, model))

    async def verify(self, image: bytes, other: bytes, *, align: Align = "auto") -> Verification:
        """Compare the largest face of each picture by identity."""
        return cast(Verification, await self._ask("verify", 2, {"image": image, "other": other, "align": align}))

    async def _ask(self, method: str, size: int, arguments: dict[str, Any], model: str | None = None) -> Any:
        """What a worker answers, of a model if that is named."""
        return await self._queue.ask(method, size, arguments, None if model is None else await self._queue_of(model))

    async def _queue_of(self, model: str) -> str | None:
        """The queue of the workers of a model; None where it is the only one, and they know of no such queue."""
        models = await self.models()
        if model not in models:
            raise not_running(model, models)
        if await self._queue.answered(model_queue(model)):
            return model_queue(model)
        _only(models)
        return None

    async def _drawn(
        self, method: str, size: int, arguments: dict[str, Any], model: str | None = None
    ) -> list[Drawing]:
        running = await self.models()
        answer = await self._ask(method, size, arguments, model)
        return await self._signed(answer if isinstance(answer, list) else [answer], running)

    async def _signed(self, made: list[Made], running: Collection[str]) -> list[Made]:
        """What workers made, with the id of the model, which workers of the version before leave out.

        `running` are the models that ran when they were asked. Raises Unavailable where it may be one of several.
        """
        if all(item.model for item in made):
            return made
        [model] = _only({*running, *self._models(await self._queue.workers(now=True))})
        return [replace(item, model=item.model or model) for item in made]

    def _models(self, workers: Mapping[str, object]) -> dict[str, ModelInfo]:
        infos = [info for info in workers.values() if isinstance(info, ModelInfo)]
        count = Counter(info.id for info in infos)
        models = {info.id: info for info in sorted(infos, key=lambda info: (-count[info.id], info.id))}
        self._known |= models
        return models


def _only(models: Collection[str]) -> Collection[str]:
    """The one model there is. Raises Unavailable where there are several."""
    if len(models) > 1:
        raise Unavailable(
            f"Several models run while one takes another's place ({', '.join(models)}), and it is not said which "
            "of them made the embedding; try again when one runs alone, or send a picture.",
            part="worker",
        )
    return models
