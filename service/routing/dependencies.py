"""What routes depend on: the parts of the service as the caller of a request may see them, and the request's body.

All of them are coroutines: FastAPI runs a plain function on a thread.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from gallery.records import EnrolledFace
from gallery.store.time_limit import ANSWER_SECONDS, limited
from model.errors import InvalidRequest
from service.body.request_body import Inputs, read_inputs
from service.config import ServiceConfig
from service.jobs import VisibleJobs
from service.middleware.request_id import request_id
from service.security.caller import Caller, authorize, caller_of, require_scope
from service.security.scopes import Scope
from service.security.tenant_gallery import VisibleGallery
from worker.interface import Inference


async def _limit_database_time() -> AsyncIterator[None]:
    """Whatever a route asks the database is answered, or fails, in the time that a caller waits."""
    with limited(ANSWER_SECONDS):
        yield


EVERY_ROUTE = (Depends(authorize), Depends(_limit_database_time, scope="function"))
"""What comes before each route: the check of the caller's key, before anything of the body is read."""


async def _config(request: Request) -> ServiceConfig:
    config: ServiceConfig = request.app.state.config
    return config


ConfigDep = Annotated[ServiceConfig, Depends(_config)]
"""The limits that the service was started with."""


async def _inference(request: Request) -> Inference:
    inference: Inference = request.app.state.inference
    return inference


InferenceDep = Annotated[Inference, Depends(_inference)]
"""What embeds and draws."""


async def _caller(request: Request) -> Caller:
    return caller_of(request.scope)


CallerDep = Annotated[Caller, Depends(_caller)]
"""Who sent the request."""


async def _gallery(request: Request, caller: CallerDep) -> VisibleGallery:
    state = request.app.state
    return VisibleGallery(state.gallery, caller, state.access.audit, request_id(request.scope))


GalleryDep = Annotated[VisibleGallery, Depends(_gallery)]
"""The gallery as the caller may see it; whatever a route does with it is in the audit log."""


async def _jobs(request: Request, caller: CallerDep) -> VisibleJobs:
    state = request.app.state
    return VisibleJobs(state.jobs, caller, state.access.audit, request_id(request.scope))


JobsDep = Annotated[VisibleJobs, Depends(_jobs)]
"""The jobs that the caller may see."""


async def _body(request: Request, config: ConfigDep) -> Inputs:
    return await read_inputs(request, config)


BodyDep = Annotated[Inputs, Depends(_body)]
"""The request body, in whichever form it was sent; `service.body.request_body.read_inputs` says how reading fails."""


@dataclass(frozen=True)
class EnrolledFaces:
    """Looks up enrolled faces whose embeddings a model that runs can use."""

    gallery: VisibleGallery
    inference: Inference

    async def get(self, face_id: str) -> EnrolledFace:
        """The enrolled face of an id.

        Raises Forbidden where the caller may not look at enrolled faces, whatever else it may do, NotFound, and
        InvalidRequest if the model that made the embedding does not run.
        """
        require_scope(self.gallery.caller, Scope.SEARCH)
        face = await run_in_threadpool(self.gallery.get, face_id)
        running = await self.inference.models()
        if face.model not in running:
            raise InvalidRequest(
                f"The face {face_id} was enrolled under the model {face.model!r}, and {_listed(running)} runs now; "
                "their embeddings cannot be compared. Enrol the face again.",
                model=face.model,
            )
        return face


def _listed(models: Iterable[str]) -> str:
    return ", ".join(map(repr, models))


async def _enrolled_faces(gallery: GalleryDep, inference: InferenceDep) -> EnrolledFaces:
    return EnrolledFaces(gallery, inference)


EnrolledFacesDep = Annotated[EnrolledFaces, Depends(_enrolled_faces)]
"""The enrolled faces that a request may name by their ids."""
