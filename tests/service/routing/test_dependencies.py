"""What every route depends on, and what becomes of parameters that are wrong."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Literal, get_type_hints

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.params import Depends
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gallery.store.time_limit import ANSWER_SECONDS, WORK_SECONDS, present_limit
from service.app import ROUTERS
from service.middleware.request_id import RequestIdMiddleware
from service.problems import add_problem_handlers
from service.routing.dependencies import EVERY_ROUTE
from service.security.caller import ANYONE, NOBODY, set_caller
from tests.service.serving import serving

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def dependencies(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The functions that one depends on, and those that these depend on."""
    for hint in get_type_hints(function, include_extras=True).values():
        for marker in getattr(hint, "__metadata__", ()):
            if isinstance(marker, Depends):
                assert marker.dependency is not None
                yield marker.dependency
                yield from dependencies(marker.dependency)


def is_coroutine(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_a_route_depends_on_goes_to_a_thread(route: APIRoute) -> None:
    always = [depends.dependency for depends in EVERY_ROUTE if depends.dependency is not None]
    assert [function for function in [*always, *dependencies(route.endpoint)] if not is_coroutine(function)] == []


def test_the_dependencies_of_routes_are_found() -> None:
    assert len(ROUTES) > 30
    assert sum(len(list(dependencies(route.endpoint))) for route in ROUTES) > 80


class _Callers:
    """Lets in anybody, and nobody where a header says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            set_caller(scope, NOBODY if (b"x-nobody", b"1") in scope["headers"] else ANYONE)
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    app = FastAPI(dependencies=EVERY_ROUTE)
    app.add_middleware(_Callers)
    app.add_middleware(RequestIdMiddleware)
    add_problem_handlers(app)

    @app.post("/{place}/all")
    async def take_all(
        place: int, number: Annotated[int, Query(ge=0)] = 1, kind: Literal["a", "b"] = "a"
    ) -> dict[str, Any]:
        return {"given": [place, number, kind]}

    @app.get("/limits")
    async def limits() -> list[float]:
        return [present_limit()]

    @app.get("/limits/in/a/thread")
    def limits_in_a_thread() -> list[float]:
        return [present_limit()]

    @app.get("/limits/of/a/stream")
    async def limits_of_a_stream() -> StreamingResponse:
        async def news() -> AsyncIterator[str]:
            yield str(present_limit())

        return StreamingResponse(news())

    with serving(app) as client:
        yield client


def test_every_wrong_parameter_is_named(client: httpx.Client) -> None:
    problem = client.post("/seven/all?number=-1&kind=c").json()
    assert (problem["status"], problem["code"]) == (422, "invalid_request")
    assert [part.partition(":")[0] for part in problem["detail"].split("; ")] == ["place", "number", "kind"]
    assert client.post("/7/all?number=2&kind=b").json() == {"given": [7, 2, "b"]}


def test_who_may_not_come_in_is_not_told_what_else_is_wrong(client: httpx.Client) -> None:
    assert client.post("/seven/all?number=-1", headers={"X-Nobody": "1"}).status_code == 401
    assert client.post("/seven/nothing", headers={"X-Nobody": "1"}).status_code == 404


def test_a_route_waits_for_the_database_as_long_as_its_caller_does(client: httpx.Client) -> None:
    assert client.get("/limits").json() == [ANSWER_SECONDS]
    assert client.get("/limits/in/a/thread").json() == [ANSWER_SECONDS]
    assert client.get("/limits/of/a/stream").text == str(WORK_SECONDS)
