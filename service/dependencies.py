"""What routes are given: the application's parts, and enrolled faces by id."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from gallery.gallery import Gallery
from gallery.records import EnrolledFace
from model.errors import InvalidRequest
from service.config import ServiceConfig
from worker.inference import Inference


def _config(request: Request) -> ServiceConfig:
    return cast(ServiceConfig, request.app.state.config)


def _inference(request: Request) -> Inference:
    return cast(Inference, request.app.state.inference)


def _gallery(request: Request) -> Gallery:
    return cast(Gallery, request.app.state.gallery)


Config = Annotated[ServiceConfig, Depends(_config)]
InferencePort = Annotated[Inference, Depends(_inference)]
EnrolledFaces = Annotated[Gallery, Depends(_gallery)]


FaceFinder = Callable[[str], Awaitable[EnrolledFace]]


def _face_finder(gallery: EnrolledFaces, inference: InferencePort) -> FaceFinder:
    async def find(face_id: str) -> EnrolledFace:
        face = await run_in_threadpool(gallery.get, face_id)
        current = (await inference.info()).id
        if face.model != current:
            raise InvalidRequest(
                f"The face {face_id} was enrolled under the model {face.model!r}, and {current!r} runs now; "
                "their embeddings cannot be compared. Enrol the face again.",
                model=face.model,
            )
        return face

    return find


FindFace = Annotated[FaceFinder, Depends(_face_finder)]
"""The enrolled face of an id. Raises NotFound, and InvalidRequest if another model made its embedding."""
