"""Makes the FastAPI application: routers, middleware, error handlers, lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from gallery.base_gallery import BaseGallery
from service.config import ServiceConfig
from service.jobs import Jobs
from service.middleware.disconnects import DisconnectMiddleware
from service.middleware.load_limits import LoadLimitMiddleware
from service.middleware.metrics import MetricsMiddleware
from service.middleware.negotiation import MsgpackMiddleware
from service.middleware.request_id import RequestIdMiddleware
from service.openapi.constraints import constrained
from service.openapi.document import completed
from service.openapi.security import secured
from service.playground import page_routes
from service.playground.demo_gallery import Demo
from service.problems import add_problem_handlers
from service.routes import (
    collection_jobs,
    crops,
    demo,
    edit,
    embed,
    faces,
    generate,
    identify,
    jobs,
    metrics,
    model_and_health,
    reconstruct,
    search,
    stimuli,
    verify,
)
from service.routing.dependencies import EVERY_ROUTE
from service.security.access import Access
from service.security.authentication import AuthenticationMiddleware
from worker.interface import Inference

ROUTERS: list[APIRouter] = [
    module.router
    for module in (
        embed,
        reconstruct,
        edit,
        generate,
        stimuli,
        verify,
        faces,
        crops,
        search,
        identify,
        jobs,
        collection_jobs,
        demo,
        model_and_health,
        metrics,
        page_routes,
    )
]

DESCRIPTION = """A face as four parts that mean something: pose, identity, expression and style.

Failures are `application/problem+json` with a stable `code`; every answer carries `X-Request-ID`.

Bodies and JSON answers may be `application/msgpack` instead (`Content-Type`, `Accept`): the same values, but a picture
is its bytes, and each part of an embedding the bytes of its float32 numbers, little-endian."""

PROBE_THREADS = 2


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            bounded = constrained(super().openapi(), self.state.config.limits)
            self.openapi_schema = completed(secured(bounded))
        return self.openapi_schema


def create_app(
    config: ServiceConfig, inference: Inference, gallery: BaseGallery, access: Access, version: str
) -> FastAPI:
    """The application. It starts the inference, and closes the inference and the gallery when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await inference.start()
            await app.state.jobs.start()
            yield
        finally:
            await app.state.jobs.close()
            await inference.close()
            await access.rates.close()
            gallery.close()

    app = _Application(
        title="Facet",
        version=version,
        description=DESCRIPTION,
        lifespan=lifespan,
        dependencies=EVERY_ROUTE,
        # A route's function names its operation: the names are unique and read well in a generated client.
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
        docs_url=None,
        redoc_url=None,
        # The service has spans of its own: the framework's tell the path, which names people.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.config, app.state.inference, app.state.gallery = config, inference, gallery
    app.state.access = access
    # Of their own: requests that wait for the database must not keep probes from telling of it.
    app.state.probe_threads = CapacityLimiter(PROBE_THREADS)
    app.state.demo = Demo(inference)
    app.state.jobs = Jobs(config, inference, gallery)
    app.add_middleware(MsgpackMiddleware)
    app.add_middleware(
        LoadLimitMiddleware,
        body_seconds=config.max_body_seconds,
        concurrent=config.max_concurrent,
        held_bytes=max(config.max_held_bytes, config.max_body_bytes),
    )
    app.add_middleware(DisconnectMiddleware)
    app.add_middleware(AuthenticationMiddleware, access=access)
    if access.origins:
        app.add_middleware(CORSMiddleware, allow_origins=access.origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(MetricsMiddleware)
    app.add_middleware(RequestIdMiddleware)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
