"""Routes that answer by themselves what FastAPI describes."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Query, Response
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from service.middleware.request_id import RequestIdMiddleware
from service.problems import add_problem_handlers
from service.routing import route
from service.routing.request import FacetRequest
from service.routing.router import Router
from service.security.caller import ANYONE, set_caller
from tests.service.serving import serving

router = Router()


class Answer(BaseModel):
    given: Any
    left_out: int | None = None


async def _doubled(request: FacetRequest, number: Annotated[int, Query(ge=0)] = 1) -> int:
    return 2 * number if "halved" not in request.query_params else number


@router.post("/{place}/all", status_code=201, response_model_exclude_none=True)
async def take_all(
    place: int,
    response: Response,
    doubled: Annotated[int, Depends(_doubled)],
    kind: Literal["a", "b"] = "a",
    several: Annotated[list[int] | None, Query()] = None,
) -> Answer:
    response.headers["Location"] = f"/{place}"
    return Answer(given=[place, doubled, kind, several])


@router.get("/slow")
def slow() -> Answer:
    return Answer(given="from a thread")


@router.get("/name")
async def take_name(name: str) -> Answer:
    return Answer(given=name)


class _Everybody:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_caller(scope, ANYONE)
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    class Application(FastAPI):
        build_middleware_stack = Starlette.build_middleware_stack

    app = Application()
    app.add_middleware(_Everybody)
    app.add_middleware(RequestIdMiddleware)
    add_problem_handlers(app)
    app.router.routes += router.routes
    with serving(app) as client:
        yield client


def test_parameters_of_path_query_and_what_depends_on_them_arrive(client: httpx.Client) -> None:
    for _ in range(2):  # the second time from memory
        answer = client.post("/7/all?number=4&kind=b&several=1&several=2")
        assert (answer.status_code, answer.json()) == (201, {"given": [7, 8, "b", [1, 2]]})
        assert answer.headers["Location"] == "/7"
        assert answer.headers.get_list("Content-Length") == [str(len(answer.content))]
    assert client.post("/8/all").json() == {"given": [8, 2, "a", None]}
    assert client.post("/8/all?number=3&halved").json() == {"given": [8, 3, "a", None]}
    longer = "&".join(["several=1"] * 40)
    assert len(longer) > route._QUERY_BYTES
    assert client.post(f"/8/all?{longer}").json() == {"given": [8, 2, "a", [1] * 40]}


def test_every_wrong_parameter_is_named(client: httpx.Client) -> None:
    for _ in range(2):
        problem = client.post("/seven/all?number=-1&kind=c").json()
        assert (problem["status"], problem["code"]) == (422, "invalid_request")
        assert [part.partition(":")[0] for part in problem["detail"].split("; ")] == ["place", "kind", "number"]


def test_what_is_no_coroutine_answers_from_a_thread(client: httpx.Client) -> None:
    assert client.get("/slow").json() == {"given": "from a thread", "left_out": None}


def test_other_paths_and_methods(client: httpx.Client) -> None:
    assert client.get("/7/all").status_code == 405
    assert client.get("/nothing/there").status_code == 404


def test_no_query_is_remembered_that_may_hold_a_name() -> None:
    known = {route.name: route.app._function._known_query for route in router.routes}  # type: ignore[attr-defined]
    assert hasattr(known["take_all"], "cache_info")
    assert not hasattr(known["take_name"], "cache_info")


def test_a_parameter_of_another_kind_is_refused_when_the_route_is_made() -> None:
    async def takes_a_header(agent: Annotated[str, Header()]) -> None:
        del agent

    with pytest.raises(TypeError, match="takes_a_header takes parameters that are neither"):
        Router().get("/header")(takes_a_header)
