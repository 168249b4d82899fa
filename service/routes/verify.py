"""Whether two pictures show the same person."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from model.attributes import Attribute
from service.openapi.descriptions import PICTURE, PICTURE_PROBLEMS, request_body
from service.routing.dependencies import BodyDep, InferenceDep
from service.routing.parameters import AlignQuery

router = APIRouter(tags=["faces"])


class Verified(BaseModel):
    """A decision by identity alone; the other similarities are there to explain it."""

    same_person: bool
    probability: float = Field(description="that both show one person", examples=[0.93])
    threshold: float = Field(description="the identity similarity from which on `same_person` holds", examples=[0.41])
    similarities: dict[Attribute, float]


@router.post(
    "/verify",
    responses=PICTURE_PROBLEMS,
    openapi_extra=request_body({"image": PICTURE, "other": PICTURE}, ["image", "other"]),
)
async def verify(body: BodyDep, inference: InferenceDep, align: AlignQuery = "auto") -> Verified:
    """Compare the largest face of each of two pictures."""
    verdict = await inference.verify(body.one("image"), body.one("other"), align=align)
    return Verified(
        same_person=verdict.same_person,
        probability=verdict.probability,
        threshold=verdict.threshold,
        similarities=dict(verdict.similarities),
    )
