"""Pictures in, embeddings out."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query

from model.errors import FacetError
from service.openapi.descriptions import PICTURE_PROBLEMS, PICTURES, request_body
from service.routing.dependencies import BodyDep, ConfigDep, InferenceDep
from service.routing.parameters import AlignQuery, within
from service.schemas import Face, Failure
from worker import interface

router = APIRouter(tags=["faces"])


@dataclass(slots=True)
class ModelOfAnswer:
    """The model that made an answer's embeddings; embeddings of different ids cannot be compared."""

    id: str
    image_size: int
    read_size: int


@dataclass(slots=True)
class EmbeddedImage:
    """The faces of one picture, largest first, or why it has none."""

    faces: list[Face]
    error: Failure | None = None


@dataclass(slots=True)
class Embedded:
    """What `/embed` answers: one entry for each picture, in the order in which they were sent."""

    model: ModelOfAnswer
    images: list[EmbeddedImage]


@router.post(
    "/embed",
    responses=PICTURE_PROBLEMS,
    openapi_extra=request_body({"image": PICTURES}, ["image"], raw=True),
)
async def embed(
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    align: AlignQuery = "auto",
    max_faces: Annotated[int, Query(ge=1, description="faces to return for each picture, largest first")] = 1,
    likeness: Annotated[
        bool, Query(description="draw each face back, too, for that part of its quality; about three times the work")
    ] = False,
) -> Embedded:
    """Find the faces of one or several pictures and embed them.

    A single picture that fails is a problem; of several, each has its own `error`.
    """
    within("max_faces", max_faces, config.max_faces)
    pictures = body.all("image") or [body.one("image")]
    results = await inference.embed(pictures, align=align, max_faces=max_faces, likeness=likeness)
    if len(results) == 1 and isinstance(results[0], FacetError):
        raise results[0]
    info = await _maker(inference, results)
    return Embedded(
        model=ModelOfAnswer(id=info.id, image_size=info.image_size, read_size=info.read_size),
        images=[_image(result) for result in results],
    )


async def _maker(port: interface.Inference, results: list[list[interface.Face] | FacetError]) -> interface.ModelInfo:
    """The model that made the embeddings of an answer; where it has none, one that runs."""
    models = {face.model for faces in results if not isinstance(faces, FacetError) for face in faces}
    if not models:
        return next(iter((await port.models()).values()))
    [model] = models
    return await port.info(model)


def _image(result: list[interface.Face] | FacetError) -> EmbeddedImage:
    if isinstance(result, FacetError):
        return EmbeddedImage(faces=[], error=Failure.of(result))
    return EmbeddedImage(faces=[Face.of(face) for face in result])
