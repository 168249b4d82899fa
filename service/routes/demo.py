"""Enrols the demonstration gallery."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.openapi.descriptions import problem_responses
from service.playground.demo_gallery import COLLECTION, NAMES, Demo
from service.routing.dependencies import CallerDep, GalleryDep

router = APIRouter(tags=["gallery"])


class Seeded(BaseModel):
    """What the demonstration gallery holds."""

    collection: str = Field(examples=[COLLECTION])
    faces: int
    subjects: int = Field(examples=[len(NAMES)])


@router.post("/demo", responses=problem_responses(503))
async def seed_demo(request: Request, caller: CallerDep, gallery: GalleryDep) -> Seeded:
    """Enrol generated faces in the collection `demo`, unless they are there already."""
    caller.require(COLLECTION)
    demo: Demo = request.app.state.demo
    return Seeded(collection=COLLECTION, faces=await demo.seed(gallery), subjects=len(NAMES))
