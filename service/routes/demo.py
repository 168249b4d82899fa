"""The demonstration gallery on request."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from service.demo import COLLECTION, NAMES, Demo
from service.openapi import problem_responses
from service.security.caller import CallerOf

router = APIRouter(tags=["gallery"])


async def _demo(request: Request) -> Demo:
    return cast(Demo, request.app.state.demo)


class Seeded(BaseModel):
    """What the demonstration gallery holds."""

    collection: str = Field(examples=[COLLECTION])
    faces: int
    subjects: int = Field(examples=[len(NAMES)])


@router.post("/demo", responses=problem_responses(503))
async def seed_demo(demo: Annotated[Demo, Depends(_demo)], caller: CallerOf) -> Seeded:
    """Enrol generated faces in the collection `demo`, unless they are there already."""
    caller.require(COLLECTION)
    return Seeded(collection=COLLECTION, faces=await demo.seed(), subjects=len(NAMES))
