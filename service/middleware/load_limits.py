"""Limits of load: the time for a request body, the requests at a time, and the bytes of all bodies in memory."""

import asyncio
import re

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import Busy, TooSlow
from service.problems import problem, problem_of

MAX_HEADERS = 100
"""Headers of one request; the server bounds their bytes."""

_PROBES = {"/health/live", "/health/ready", "/metrics"}
"""Paths that are answered under any load."""
_LASTING = re.compile(r"/jobs/(import|[^/]+/events)$")
"""Long requests, which may take hours: the upload of an archive to the disk, and the events of a job."""
_LASTING_SHARE = 4
"""One in so many of the requests at a time may be a long one."""
_STEP = 2**20
"""Bytes of a long request's body that must come in each period in which any other body must be complete."""


class LoadLimitMiddleware:
    """Refuses a body that comes too slowly (408), and any request while too many or too large ones are handled (503).

    This bounds for how long a request can hold memory, and how much memory all of them can.
    """

    def __init__(self, app: ASGIApp, body_seconds: float, concurrent: int, held_bytes: int) -> None:
        """`held_bytes` is for the bodies of all requests at a time, without archives, which go to the disk."""
        self._app = app
        self._seconds = body_seconds
        self._limit, self._there = concurrent, 0
        self._lasting_limit, self._lasting = max(1, concurrent // _LASTING_SHARE), 0
        self._memory = _Memory(held_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        if len(scope["headers"]) > MAX_HEADERS:
            sentence = f"The request has more than {MAX_HEADERS} headers."
            refusal = problem(Request(scope), 431, "request_header_fields_too_large", sentence)
            await refusal(scope, receive, send)
            return
        lasting = _LASTING.search(scope["path"]) is not None
        if self._there >= self._limit or (lasting and self._lasting >= self._lasting_limit):
            busy = Busy("The service is busy with others; try again soon.", retry_after=1)
            await problem_of(Request(scope), busy)(scope, receive, send)
            return
        self._there += 1
        self._lasting += lasting
        body = _LastingBody(receive, self._seconds) if lasting else _HeldBody(receive, self._seconds, self._memory)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._there -= 1
            self._lasting -= lasting
            body.forget()


class _Memory:
    """Counts the bytes of all bodies that are held."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0

    def take(self, count: int) -> None:
        """Count so many bytes more. Raises Busy where that is over the limit."""
        if self._held + count > self._most:
            raise Busy("The service is busy with the pictures of others; try again soon.", retry_after=1)
        self._held += count

    def leave(self, count: int) -> None:
        """Count so many bytes less."""
        self._held -= count


class _Body:
    """The ASGI messages of a request body, which must come before a deadline."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._complete = False
        self._give_time()

    async def receive(self) -> Message:
        """The next message. Raises TooSlow, and Busy where it is too much to hold."""
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow("The body did not come in time; send less, or over a faster connection.") from error
        self._complete = not message.get("more_body", False)
        self._count(len(message.get("body", b"")))
        return message

    def forget(self) -> None:
        """The request is answered: release what the body held."""

    def _give_time(self) -> None:
        self._deadline = asyncio.get_running_loop().time() + self._seconds

    def _count(self, size: int) -> None:
        raise NotImplementedError


class _HeldBody(_Body):
    """A body that is in memory while its request is handled, and must be complete at the deadline."""

    def __init__(self, receive: Receive, seconds: float, memory: _Memory) -> None:
        super().__init__(receive, seconds)
        self._memory, self._size = memory, 0

    def forget(self) -> None:
        self._memory.leave(self._size)

    def _count(self, size: int) -> None:
        self._memory.take(size)
        self._size += size


class _LastingBody(_Body):
    """A body that goes to the disk; each `_STEP` bytes of it move the deadline."""

    _since = 0

    def _count(self, size: int) -> None:
        self._since += size
        if self._since >= _STEP:
            self._since = 0
            self._give_time()
