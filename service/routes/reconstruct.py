"""A face drawn back from its embedding."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.openapi.descriptions import DRAWN, EMBEDDING, PICTURE, PICTURE_PROBLEMS, request_body
from service.responses.pictures import drawn_json, drawn_png, wants_json
from service.routing.dependencies import BodyDep, InferenceDep
from service.routing.parameters import AlignQuery
from service.schemas import Embedding, Png

router = APIRouter(tags=["drawing"])


class Reconstruction(BaseModel):
    """A drawn face beside the crop that it was drawn from."""

    image: Png
    input: Png | None = Field(None, description="the aligned crop; there where a picture was sent")
    embedding: Embedding
    ssim: float | None = Field(None, description="structural similarity of the two; there where a picture was sent")


@router.post(
    "/reconstruct",
    response_model=Reconstruction,
    responses={**PICTURE_PROBLEMS, **DRAWN},
    openapi_extra=request_body({"image": PICTURE}, ["image"], raw=True, json={"embedding": EMBEDDING}),
)
async def reconstruct(request: Request, body: BodyDep, inference: InferenceDep, align: AlignQuery = "auto") -> Response:
    """Draw the face of a picture, or of an embedding, through all four networks."""
    face = body.face()
    if isinstance(face, bytes):
        drawing = await inference.reconstruct(face, align=align)
    else:
        drawing = await inference.reconstruct(face.vector, align=align, model=face.model)
    if not wants_json(request):
        return drawn_png(drawing.image)
    return drawn_json(
        Reconstruction(
            image=drawing.image,
            input=drawing.input,
            embedding=Embedding.of(drawing.embedding, drawing.model),
            ssim=drawing.ssim,
        )
    )
