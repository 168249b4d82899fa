"""The kept picture of an enrolled face."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from service.openapi.descriptions import problem_responses
from service.responses.pictures import PNG, kept_png
from service.routing.dependencies import GalleryDep
from service.routing.parameters import FaceId

router = APIRouter(tags=["gallery"])

_KEPT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The aligned face",
        "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
    },
    204: {"description": "The face is enrolled, and no picture of it was kept"},
}


@router.get("/faces/{face_id}/crop", response_class=Response, responses={**_KEPT, **problem_responses(404, 422, 503)})
async def get_crop(gallery: GalleryDep, face_id: FaceId) -> Response:
    """The aligned picture of an enrolled face, where it was kept."""
    crop = await run_in_threadpool(gallery.crop, face_id)
    return Response(status_code=204) if crop is None else kept_png(crop)
