"""The HTTP application, put together from its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from gallery.gallery import Gallery
from service.config import ServiceConfig
from service.demo import Demo
from service.hangup import HangUpMiddleware
from service.openapi import with_problem_schema
from service.problems import add_problem_handlers
from service.request_id import RequestIdMiddleware
from service.routes import about, crops, demo, edit, embed, faces, generate, identify, page, reconstruct, search, verify
from worker.inference import Inference

ROUTERS = [
    module.router
    for module in (embed, reconstruct, edit, generate, verify, faces, crops, search, identify, demo, about, page)
]

DESCRIPTION = """A face as four parts that mean something: pose, identity, expression and style.

Failures are `application/problem+json` with a stable `code`; every answer carries `X-Request-ID`."""


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return with_problem_schema(super().openapi())


def _operation_id(route: APIRoute) -> str:
    """The function's name, which is unique among the routes and reads well in a generated client."""
    return route.name


def create_app(config: ServiceConfig, inference: Inference, gallery: Gallery, version: str) -> FastAPI:
    """The application over an inference that it starts, and a gallery, both of which it closes when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await inference.start()
            yield
        finally:
            await inference.close()
            gallery.close()

    app = _Application(
        title="Facet",
        version=version,
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        separate_input_output_schemas=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.config, app.state.inference, app.state.gallery = config, inference, gallery
    app.state.demo = Demo(inference, gallery)
    app.add_middleware(HangUpMiddleware)
    app.add_middleware(RequestIdMiddleware)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
