"""A running service, pictures, and how to send them."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.processes import distributed
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of one service that all tests share; each runs against both deployments."""
    place = tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        settings = stack.enter_context(distributed(place, place)) if request.param == "distributed" else {}
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
