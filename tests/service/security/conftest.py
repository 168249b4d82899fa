"""A service with keys, in which two tenants have enrolled people."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI

from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.service.asking import enrol
from tests.service.security.guarded import USUAL, Guarded
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, until_read: Callable[[FastAPI], None]) -> Iterator[Guarded]:
    place = tmp_path_factory.mktemp("guarded")
    app = dummy_app(place)
    until_read(app)
    with serving(app) as client:
        service = Guarded(str(client.base_url), place, KeyStore(app.state.gallery.database), [])
        service.keys.create("the first", [Scope.ADMIN])
        yield service
        for opened in service._clients:
            opened.close()


@pytest.fixture(scope="module")
def until_read() -> Callable[[FastAPI], None]:
    """Lets an application look for new keys at every request, so that tests need not wait."""

    def hurry(app: FastAPI) -> None:
        app.state.access.keys.seconds = 0.0

    return hurry


@pytest.fixture(scope="module")
def admin(guarded: Guarded) -> httpx.Client:
    return guarded.holder(Scope.ADMIN)


@pytest.fixture(scope="module")
def tenants(guarded: Guarded, ada: bytes, bob: bytes) -> tuple[httpx.Client, httpx.Client]:
    """Two keys, each with collections of its own; in each are Ada and Bob."""
    one = guarded.holder(*USUAL, collections=["one", "uno"])
    two = guarded.holder(*USUAL, collections=["two"])
    for client, collections in ((one, ("one", "uno")), (two, ("two",))):
        for collection in collections:
            enrol(client, ada, "ada", collection)
            enrol(client, bob, "bob", collection)
    return one, two
