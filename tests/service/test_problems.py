import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from model import errors
from model.errors import Busy, FacetError
from service.middleware.request_id import RequestIdMiddleware
from service.problems import STATUS, add_problem_handlers
from tests.service.asking import assert_problem
from tests.service.serving import dummy_app, serving


def test_every_domain_error_has_a_status() -> None:
    domain = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, FacetError)}
    assert set(STATUS) == domain
    assert {error for error, status in STATUS.items() if status == 500} == {FacetError}


@pytest.fixture(scope="module")
def failing() -> Iterator[httpx.Client]:
    """A client of an application whose routes fail."""
    app = FastAPI()
    app.add_middleware(RequestIdMiddleware)
    add_problem_handlers(app)

    @app.get("/unexpected")
    async def unexpected() -> None:
        raise ZeroDivisionError("a secret of the inside")

    @app.get("/unnamed")
    async def unnamed() -> None:
        raise FacetError("another secret")

    @app.get("/busy")
    async def busy() -> None:
        raise Busy("The queue is full; try again soon.", retry_after=6.2)

    @app.get("/gone")
    async def gone() -> None:
        raise ClientDisconnect

    with serving(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/unexpected", "/unnamed"])
def test_an_unexpected_failure_keeps_its_secrets_and_is_logged(
    failing: httpx.Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "facet.service"):
        answer = failing.get(path, headers={"X-Request-ID": "trace-7", "Connection": "close"})
    problem = assert_problem(answer, 500, "internal")
    assert problem["request_id"] == "trace-7"
    assert "secret" not in answer.text
    [record] = [record for record in caplog.records if record.name == "facet.service"]
    assert "trace-7" in record.getMessage()
    assert "secret" in str(record.exc_info)


def test_busy_says_when_to_come_back(failing: httpx.Client) -> None:
    answer = failing.get("/busy")
    assert assert_problem(answer, 503, "busy")["details"] == {"retry_after": 6.2}
    assert answer.headers["Retry-After"] == "7"


def test_a_departed_caller_is_no_failure_of_the_service(
    failing: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert failing.get("/gone").status_code == 400
    assert not caplog.records


def test_a_full_queue_is_busy(tmp_path_factory: pytest.TempPathFactory, ada: bytes) -> None:
    with serving(dummy_app(tmp_path_factory.mktemp("data"), max_queue=2)) as client:
        with ThreadPoolExecutor(8) as callers:
            for _ in range(20):
                answers = list(callers.map(lambda _: client.post("/embed", files=[("image", ada)] * 3), range(8)))
                refused = [answer for answer in answers if answer.status_code != 200]
                assert len(refused) < 8
                if refused:
                    break
        assert_problem(refused[0], 503, "busy")
        assert int(refused[0].headers["Retry-After"]) >= 1
        assert client.post("/embed", files={"image": ada}).status_code == 200
