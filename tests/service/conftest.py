"""A running service, pictures, and how to send them."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of one service that all tests share."""
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client:
        yield client


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
