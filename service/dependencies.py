"""What routes are given: the application's parts, and enrolled faces by id.

All are coroutines, though few wait: FastAPI would send each plain function to a thread and back.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from gallery.records import EnrolledFace
from model.errors import InvalidRequest
from service.config import ServiceConfig
from service.jobs import VisibleJobs
from service.request_id import request_id
from service.security.access import Access
from service.security.caller import CallerOf
from service.security.tenant import VisibleGallery
from worker.inference import Inference


async def _config(request: Request) -> ServiceConfig:
    return cast(ServiceConfig, request.app.state.config)


async def _inference(request: Request) -> Inference:
    return cast(Inference, request.app.state.inference)


async def _access(request: Request) -> Access:
    return cast(Access, request.app.state.access)


async def _gallery(request: Request, caller: CallerOf) -> VisibleGallery:
    state = request.app.state
    return VisibleGallery(state.gallery, caller, state.access.audit, request_id(request.scope))


async def _jobs(request: Request, caller: CallerOf) -> VisibleJobs:
    state = request.app.state
    return VisibleJobs(state.jobs, caller, state.access.audit, request_id(request.scope))


Config = Annotated[ServiceConfig, Depends(_config)]
InferencePort = Annotated[Inference, Depends(_inference)]
AccessOf = Annotated[Access, Depends(_access)]
EnrolledFaces = Annotated[VisibleGallery, Depends(_gallery)]
"""The gallery as the caller may see it; whatever a route does with it is in the audit log."""
JobDesk = Annotated[VisibleJobs, Depends(_jobs)]
"""The jobs that the caller may see."""


FaceFinder = Callable[[str], Awaitable[EnrolledFace]]


async def _face_finder(gallery: EnrolledFaces, inference: InferencePort) -> FaceFinder:
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
