"""A running service, pictures, and how to send them."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.processes import redis_server, worker_process
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of one service that all tests share; each runs against both deployments."""
    place = tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        settings = {}
        if request.param == "distributed":
            redis = stack.enter_context(redis_server(place))
            stack.enter_context(worker_process(redis, place))
            settings = {"inference": "celery", "redis_url": redis.url}
        yield stack.enter_context(serving(dummy_app(place, **settings)))


@pytest.fixture(scope="session")
def ada() -> bytes:
    return jpeg(draw_face(seed=1))


@pytest.fixture(scope="session")
def bob() -> bytes:
    return jpeg(draw_face(seed=2, mouth="smile"))


@pytest.fixture
def collection() -> str:
    """The name of a collection that no other test uses."""
    return uuid.uuid4().hex
