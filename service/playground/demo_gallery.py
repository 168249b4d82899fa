"""The demonstration gallery: generated people, so that searching can be tried without anyone's photograph."""

import asyncio
from collections.abc import Iterator

from fastapi.concurrency import run_in_threadpool

from gallery.records import EnrolledFace, NewFace
from model.attributes import Attribute, Vector, join, split
from model.errors import FacetError
from service.security.tenant_gallery import VisibleGallery
from worker.interface import Inference

COLLECTION = "demo"
SEED = 2019
PICTURES = 3
"""Pictures of each person, which share the identity alone."""
NAMES = (
    *("Alva", "Bruno", "Cleo", "Dara", "Edda", "Finn", "Greta", "Hugo"),
    *("Ines", "Jonas", "Kaia", "Luca", "Mira", "Nils", "Olga", "Pavel"),
)
MARK = {"synthetic": True}
"""The metadata by which the faces of the demonstration are known."""


class Demo:
    """Fills the collection `demo`, once."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._lock = asyncio.Lock()

    async def seed(self, gallery: VisibleGallery) -> int:
        """Enrol the generated faces unless they are there; gives how many there are now.

        Faces that another model drew are replaced. Raises what inference and the gallery raise.
        """
        async with self._lock:
            models = await self._inference.models()
            there = await run_in_threadpool(lambda: list(_enrolled(gallery)))
            current = [face for face in there if face.model in models]
            if current:
                return len(current)
            faces = await self._draw()
            await run_in_threadpool(_replace, gallery, there, faces)
            return len(faces)

    async def _draw(self) -> list[NewFace]:
        """The faces to enrol, embedded from their pictures as any other."""
        random = await self._inference.generate(len(NAMES) * PICTURES, seed=SEED)
        # Any model may have drawn them while several run; from here on it must be the same.
        model = random[0].model
        people = [drawing.embedding for drawing in random[::PICTURES] for _ in range(PICTURES)]
        drawn = await asyncio.gather(
            *(
                self._inference.reconstruct(_as_person(drawing.embedding, person), model=drawing.model)
                for drawing, person in zip(random, people, strict=True)
            )
        )
        found = await self._inference.embed([drawing.image for drawing in drawn], align="none", model=model)
        faces = []
        for number, (drawing, result) in enumerate(zip(drawn, found, strict=True)):
            if isinstance(result, FacetError):
                raise result
            name, [face, *_] = NAMES[number // PICTURES], result
            faces.append(NewFace(name, face.embedding, face.model, COLLECTION, dict(MARK), face.score, drawing.image))
        return faces


def _as_person(embedding: Vector, person: Vector) -> Vector:
    """An embedding `(99,)` with the identity of another."""
    return join({**split(embedding), Attribute.IDENTITY: split(person)[Attribute.IDENTITY]})


def _enrolled(gallery: VisibleGallery) -> Iterator[EnrolledFace]:
    """The faces of the demonstration that are there, of any model."""
    cursor: str | None = None
    while True:
        page = gallery.page(collection=COLLECTION, cursor=cursor)
        yield from (face for face in page.faces if face.metadata == MARK)
        cursor = page.next_cursor
        if cursor is None:
            return


def _replace(gallery: VisibleGallery, old: list[EnrolledFace], new: list[NewFace]) -> None:
    for face in old:
        gallery.delete(face.id)
    gallery.enrol_many(new)
