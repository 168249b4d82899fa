"""Responses as msgpack for clients that prefer it over JSON."""

from functools import cache
from typing import Any

import msgpack
import orjson
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.body.msgpack_codec import pack
from service.middleware.headers import header
from service.responses.pictures import JSON, MSGPACK, preferred

_VARY = (b"vary", b"Accept")


class MsgpackMiddleware:
    """Turns the JSON of a route into msgpack, by the route's response model; problems and all else pass unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = preferred(header(scope["headers"], b"accept") or "", JSON) == MSGPACK
        await self._app(scope, receive, _Answer(scope, send, wanted))


class _Answer:
    """The ASGI messages of one response on their way to the client."""

    def __init__(self, scope: Scope, send: Send, wanted: bool) -> None:
        self._scope, self._send, self._wanted = scope, send, wanted
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and header(message["headers"], b"content-type") == JSON:
            message["headers"] = [*message["headers"], _VARY]
            if self._wanted:
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._send_packed(self._start)

    async def _send_packed(self, start: Message) -> None:
        body = _packed(self._scope.get("route"), bytes(self._body))
        headers = MutableHeaders(scope=start)
        headers["Content-Type"], headers["Content-Length"] = MSGPACK, str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _packed(route: Any, body: bytes) -> bytes:
    """The msgpack of a route's JSON; a route without a schema holds neither pictures nor embeddings."""
    if isinstance(route, APIRoute) and route.response_model is not None:
        return pack(_schema(route.response_model).validate_json(body))
    packed: bytes = msgpack.packb(orjson.loads(body))
    return packed


@cache
def _schema(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
