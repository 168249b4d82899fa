"""What a route is given: its request, which knows the parts of the service as its caller may see them."""

from collections.abc import Iterable
from typing import cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from gallery.records import EnrolledFace
from model.errors import InvalidRequest
from service.body.request_body import Inputs, read_inputs
from service.config import ServiceConfig
from service.jobs import VisibleJobs
from service.middleware.request_id import request_id
from service.security.caller import Caller, caller_of, require_scope
from service.security.scopes import Scope
from service.security.tenant_gallery import VisibleGallery
from worker.interface import Inference


class FacetRequest(Request):
    """A request to a route of a `service.routing.router.Router`.

    FastAPI hands it to a parameter of this type as it is. Each dependency in its place would take FastAPI longer than
    the routing of the whole request.
    """

    @property
    def config(self) -> ServiceConfig:
        """The limits that the service was started with."""
        return cast(ServiceConfig, self.app.state.config)

    @property
    def inference(self) -> Inference:
        """What embeds and draws."""
        return cast(Inference, self.app.state.inference)

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return caller_of(self.scope)

    @property
    def gallery(self) -> VisibleGallery:
        """The gallery as the caller may see it; whatever a route does with it is in the audit log."""
        state = self.app.state
        return VisibleGallery(state.gallery, self.caller, state.access.audit, request_id(self.scope))

    @property
    def desk(self) -> VisibleJobs:
        """The jobs that the caller may see."""
        state = self.app.state
        return VisibleJobs(state.jobs, self.caller, state.access.audit, request_id(self.scope))

    async def inputs(self) -> Inputs:
        """The body. Raises what `read_inputs` raises."""
        return await read_inputs(self, self.config)

    async def enrolled(self, face_id: str) -> EnrolledFace:
        """The enrolled face of an id.

        Raises Forbidden where the caller may not look at enrolled faces, whatever else it may do, NotFound, and
        InvalidRequest if the model that made the embedding does not run.
        """
        require_scope(self.caller, Scope.SEARCH)
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
