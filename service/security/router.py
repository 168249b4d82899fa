"""Routes that let in only whom they are for."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from service.request import FacetRequest
from service.security.caller import authorize


class GuardedRoute(APIRoute):
    """A route that asks `authorize` before anything else, and is given a FacetRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authorized(request: Request) -> Response:
            authorize(request)
            return await handle(FacetRequest(request.scope, request.receive))

        return authorized


class Router(APIRouter):
    """A router of guarded routes."""

    def __init__(self, **options: Any) -> None:
        """The options of FastAPI's router."""
        super().__init__(route_class=GuardedRoute, **options)
