"""The id of a request: the client's own where it is well-formed, else a random one; the response has it too."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import baggage, context
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.middleware.headers import header

REQUEST_ID_HEADER = "X-Request-ID"
_HEADER = REQUEST_ID_HEADER.lower().encode()

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = "facet.request_id"


def request_id(scope: Scope) -> str:
    """The id of the request that a scope belongs to."""
    return str(scope[_KEY])


def current_request_id() -> str | None:
    """The id of the request that is handled here, in an API process or a worker; None outside of one."""
    name = baggage.get_baggage(_KEY)
    return None if name is None else str(name)


@contextmanager
def working_for(name: str) -> Iterator[None]:
    """Code inside works for a request; OpenTelemetry's baggage carries the request's id, also to other processes."""
    token = context.attach(baggage.set_baggage(_KEY, name))
    try:
        yield
    finally:
        context.detach(token)


def _made_up() -> str:
    # Not the system's random numbers: to ask for them hands the interpreter to another thread, and it is no secret.
    return f"{random.getrandbits(128):032x}"


class RequestIdMiddleware:
    """Gives each HTTP request its id; pure ASGI, so that responses stream through it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = header(scope["headers"], _HEADER)
        name = _made_up() if wanted is None or not _SANE.fullmatch(wanted) else wanted
        # In the scope itself, where the handler of unexpected errors, which lies outside of this, finds it.
        scope[_KEY] = name

        async def send_named(message: Message) -> None:
            # A problem tells it by itself.
            if message["type"] == "http.response.start" and header(message["headers"], _HEADER) is None:
                message["headers"] = [*message["headers"], (_HEADER, name.encode())]
            await send(message)

        with working_for(name):
            await self.app(scope, receive, send_named)
