"""Routes that let in only whom they are for."""

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from service.routing.route import Answering


class GuardedRoute(APIRoute):
    """A route whose every request is authorized before its function is called, with a FacetRequest."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        """The options of FastAPI's route."""
        super().__init__(path, endpoint, **options)
        self.app = Answering(self)
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the route is for a request; most are not, which is seen without their pattern."""
        # Not `startswith`: a server may be mounted under a path, which then comes first.
        return super().matches(scope) if self._beginning in scope["path"] else (Match.NONE, {})


def _operation_id(route: APIRoute) -> str:
    """The function's name, which is unique among the routes and reads well in a generated client."""
    return route.name


class Router(APIRouter):
    """A router of guarded routes."""

    def __init__(self, **options: Any) -> None:
        """The options of FastAPI's router."""
        super().__init__(route_class=GuardedRoute, generate_unique_id_function=_operation_id, **options)
