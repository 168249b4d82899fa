"""Cancels the handling of a request whose client has disconnected."""

import asyncio
from collections.abc import Callable

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS = 0.25
"""After this time a request is watched for a disconnect. Most are answered sooner, and watching takes a task."""


class DisconnectMiddleware:
    """Cancels the handling of a request when its client disconnects, so that no work is done for nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = _Caller(receive)
        # A cancel scope of AnyIO instead of the task's own cancellation: a coroutine that waits for a thread then waits
        # until the thread has ended, so that the thread limit holds, however many clients disconnect.
        with CancelScope() as answering:
            look = asyncio.get_running_loop().call_later(LOOK_SECONDS, caller.watch, answering.cancel)
            try:
                await self._app(scope, caller.receive, send)
            finally:
                look.cancel()
                caller.forget()


class _Caller:
    """The ASGI messages of one client; the message that it has disconnected is given to everybody who asks."""

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
        """Call a function when the client disconnects after its request was complete."""
        self._awaited_end().add_done_callback(lambda end: None if end.cancelled() else leave())

    def forget(self) -> None:
        """Stop watching."""
        if self._end is not None:
            self._end.cancel()

    def _awaited_end(self) -> asyncio.Task[Message]:
        if self._end is None:
            self._end = asyncio.create_task(self._next())
        return self._end

    async def _next(self) -> Message:
        await self._complete.wait()
        return await self._receive()
