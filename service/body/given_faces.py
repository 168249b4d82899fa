"""The faces that a request sends: pictures, or embeddings under the same names."""

from typing import Any

from model.attributes import Vector
from model.errors import FacetError, InvalidRequest, TooLarge
from service.body.request_body import Inputs
from service.schemas import given_embedding
from worker.interface import Align, Inference, mixed


class GivenFaces:
    """The faces of a body as embeddings of one model; those of pictures are read by it."""

    def __init__(self, inference: Inference, body: Inputs, align: Align) -> None:
        self._inference, self._body, self._align = inference, body, align
        self.model: str | None = None
        """The id of the model, as soon as a face was asked for."""

    def has(self, name: str) -> bool:
        """Whether there are faces of a name."""
        return name in self._body.fields or bool(self._body.pictures.get(name))

    async def one(self, name: str) -> Vector:
        """The only face of a name `(99,)`. Raises InvalidRequest if it is missing or came several times."""
        if name in self._body.fields:
            return await self._given(self._body.json(name))
        return (await self._read(name, [self._body.one(name)]))[0]

    async def perhaps(self, name: str) -> Vector | None:
        """The same, None where it is missing."""
        return await self.one(name) if self.has(name) else None

    async def many(self, name: str, limit: int) -> list[Vector]:
        """The faces of a name, at least one. Raises InvalidRequest, and TooLarge for more embeddings than the limit."""
        if name not in self._body.fields:
            pictures = self._body.all(name)
            if not pictures:
                raise self._body.missing(name)
            return await self._read(name, pictures)
        listed = self._body.json(name)
        if not isinstance(listed, list) or not listed:
            raise InvalidRequest(f"The field {name!r} must be a list of embeddings, or pictures.", field=name)
        if len(listed) > limit:
            raise TooLarge(f"The list {name!r} has {len(listed)} embeddings; the limit is {limit}.", limit=limit)
        return [await self._given(value) for value in listed]

    async def _given(self, value: Any) -> Vector:
        """An embedding of the caller's, by default of the model of the others, or of the only one that runs.

        Raises InvalidRequest where it is of one that does not, or of another than the others, and Unavailable where it
        does not say which of several.
        """
        given = given_embedding(value)
        if given.model is not None or self.model is None:
            model = (await self._inference.info(given.model)).id
            if self.model is not None and self.model != model:
                raise mixed(self.model, model)
            self.model = model
        return given.vector

    async def _read(self, name: str, pictures: list[bytes]) -> list[Vector]:
        """The largest face of each picture. Raises the first error, which names its picture where there are several."""
        faces = []
        results = await self._inference.embed(pictures, align=self._align, model=self.model)
        for number, found in enumerate(results):
            if isinstance(found, FacetError):
                where = f"In the picture {number} of {name!r}: " if len(pictures) > 1 else f"In the picture {name!r}: "
                raise type(found)(f"{where}{found.message}", **found.details)
            faces.append(found[0])
        self.model = faces[0].model or (await self._inference.info()).id
        return [face.embedding for face in faces]
