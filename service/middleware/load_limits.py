"""How long a caller may take to send a body, and how many callers are served at a time."""

import asyncio

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import Busy, TooSlow
from service.problems import problem_of

_PROBES = {"/health/live", "/health/ready", "/metrics"}
"""What must answer also when nothing else does."""


class PatienceMiddleware:
    """Cuts off who sends too slowly, and refuses whoever comes when too many are there.

    Together with the limit of a body's bytes this bounds how long a request can hold memory, and how much all can.
    """

    def __init__(self, app: ASGIApp, body_seconds: float, concurrent: int) -> None:
        self._app = app
        self._seconds = body_seconds
        self._limit = concurrent
        self._there = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        if self._there >= self._limit:
            busy = Busy("The service is busy with others; try again soon.", retry_after=1)
            await problem_of(Request(scope), busy)(scope, receive, send)
            return
        body = _Body(receive, asyncio.get_running_loop().time() + self._seconds)
        self._there += 1
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._there -= 1


class _Body:
    """The messages of a body, each of which must come before a moment of the event loop's time."""

    def __init__(self, receive: Receive, deadline: float) -> None:
        self._receive = receive
        self._deadline = deadline
        self._complete = False

    async def receive(self) -> Message:
        """The next message. Raises TooSlow."""
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow("The body did not come in time; send less, or over a faster connection.") from error
        self._complete = not message.get("more_body", False)
        return message
