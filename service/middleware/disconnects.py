"""Gives up a request whose caller has gone."""

import asyncio
from collections.abc import Callable

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS = 0.25
"""How long a request is worked on before it is watched whether its caller is still there. Most are answered by then,
and to watch takes a task."""


class HangUpMiddleware:
    """Cancels what answers a request when its caller hangs up, so that nobody works for nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = _Caller(receive)
        # A scope of AnyIO, and not the task: what waits for a thread then goes on waiting until that has ended, so that
        # no more threads run than are allowed, however many callers leave.
        with CancelScope() as answering:
            look = asyncio.get_running_loop().call_later(LOOK_SECONDS, caller.watch, answering.cancel)
            try:
                await self._app(scope, caller.receive, send)
            finally:
                look.cancel()
                caller.forget()


class _Caller:
    """The messages of one caller, of which the one that it has gone is kept for all who ask."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = asyncio.Event()
        self._end: asyncio.Task[Message] | None = None

    async def receive(self) -> Message:
        """The next message for the application."""
        if self._complete.is_set():
            return await asyncio.shield(self._awaited_end())
        message = await self._receive()
        if not message.get("more_body", False):
            self._complete.set()
        return message

    def watch(self, leave: Callable[[], object]) -> None:
        """Have something done when the caller hangs up after its request was complete."""
        self._awaited_end().add_done_callback(lambda end: None if end.cancelled() else leave())

    def forget(self) -> None:
        """Watch no longer."""
        if self._end is not None:
            self._end.cancel()

    def _awaited_end(self) -> asyncio.Task[Message]:
        if self._end is None:
            self._end = asyncio.create_task(self._next())
        return self._end

    async def _next(self) -> Message:
        await self._complete.wait()
        return await self._receive()
