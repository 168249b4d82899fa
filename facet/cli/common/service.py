"""The service that a command speaks to: a running one by its address, or one inside the command's own process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from facet_client import Client
from facet_client import FacetError as AnsweredError
from model.errors import FacetError

INSIDE = "http://facet"
"""The address under which the service in this process knows itself."""

KEY = "FACET_API_KEY"
"""The variable that holds the key for a running service; an option would show it to all who list the processes."""


class _Bridge(httpx.BaseTransport):
    """Sends requests to an ASGI application on a portal's event loop."""

    def __init__(self, portal: BlockingPortal, transport: httpx.ASGITransport) -> None:
        self._portal = portal
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@contextmanager
def connected(url: str | None) -> Iterator[Client]:
    """A client of the service at an address, or without one of the service that the settings describe.

    What it fails with is raised on as the same error of `model.errors`, which commands tell in a line.
    """
    try:
        with _client(url) as client:
            yield client
    except AnsweredError as error:
        raise FacetError.from_data({"code": error.code, "message": error.message, "details": error.details}) from error


@contextmanager
def _client(url: str | None) -> Iterator[Client]:
    if url is not None:
        with Client(url, os.environ.get(KEY)) as client:
            yield client
        return
    from facet.asgi import create_app

    app = create_app(trusted=True)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        Client(INSIDE, transport=_Bridge(portal, httpx.ASGITransport(app))) as client,
    ):
        yield client
