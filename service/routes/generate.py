"""Random plausible faces."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, RootModel

from model.errors import InvalidRequest
from service.openapi.descriptions import DRAWN, PICTURE, PICTURE_PROBLEMS, request_body
from service.responses.contact_sheet import sheet
from service.responses.pictures import drawn_json, drawn_png, wants_json
from service.routing.dependencies import BodyDep, ConfigDep, InferenceDep
from service.routing.parameters import AlignQuery, within
from service.schemas import AttributeName, Embedding, Png

router = APIRouter(tags=["drawing"])


class GeneratedFace(BaseModel):
    """A drawn face and the embedding that was drawn."""

    image: Png
    embedding: Embedding


class GeneratedFaces(RootModel[list[GeneratedFace]]):
    """The faces of one request, in the order of the sheet."""


@router.post(
    "/generate",
    response_model=GeneratedFaces,
    responses={**PICTURE_PROBLEMS, **DRAWN},
    openapi_extra=request_body({"image": PICTURE}, raw=True, required=False),
)
async def generate(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    count: Annotated[int, Query(ge=1, description="how many faces to draw")] = 1,
    seed: Annotated[int | None, Query(ge=0, lt=2**32, description="the same seed draws the same faces")] = None,
    keep: Annotated[
        list[AttributeName] | None, Query(description="hold these attributes of the face in `image`")
    ] = None,
    align: AlignQuery = "auto",
) -> Response:
    """Draw random faces, on one sheet row by row or as a JSON list.

    With a picture and `keep`, every face has these attributes of the face in the picture.
    """
    image = body.optional("image")
    if (image is None) != (not keep):
        raise InvalidRequest("To hold attributes of a face, send both a picture `image` and `keep`.")
    drawings = await inference.generate(
        within("count", count, config.max_generate), seed=seed, image=image, keep=keep or [], align=align
    )
    if not wants_json(request):
        return drawn_png(await run_in_threadpool(sheet, [drawing.image for drawing in drawings]))
    return drawn_json(
        GeneratedFaces(
            [
                GeneratedFace(image=drawing.image, embedding=Embedding.of(drawing.embedding, drawing.model))
                for drawing in drawings
            ]
        )
    )
