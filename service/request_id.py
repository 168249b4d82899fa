"""The name of a request: taken from the caller if it is sane, else made up, and sent back with the response."""

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = "X-Request-ID"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = "facet.request_id"


def request_id(scope: Scope) -> str:
    """The id of the request that a scope belongs to."""
    return str(scope[_KEY])


class RequestIdMiddleware:
    """Names each HTTP request; pure ASGI, so that responses stream through it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        name = wanted if _SANE.fullmatch(wanted) else uuid.uuid4().hex
        # In the scope itself, where the handler of unexpected errors, which lies outside of this, finds it.
        scope[_KEY] = name

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = name
            await send(message)

        await self.app(scope, receive, send_named)
