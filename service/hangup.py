"""Gives up a request whose caller has gone."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HangUpMiddleware:
    """Cancels what answers a request when its caller hangs up, so that nobody works for nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = _Caller(receive)
        answering = asyncio.ensure_future(self._app(scope, caller.receive, send))
        gone = asyncio.create_task(caller.gone())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                await answering
        finally:
            gone.cancel()
            if answering.cancel():
                with suppress(asyncio.CancelledError):
                    await answering


class _Caller:
    """The messages of one caller, of which the one that it has gone is kept for all who ask."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = asyncio.Event()
        self._left: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def receive(self) -> Message:
        """The next message for the application."""
        if self._complete.is_set():
            return await asyncio.shield(self._left)
        message = await self._receive()
        if not message.get("more_body", False):
            self._complete.set()
        if message["type"] == "http.disconnect":
            self._left.set_result(message)
        return message

    async def gone(self) -> None:
        """Return when the caller has hung up after its request was complete."""
        await self._complete.wait()
        if not self._left.done():
            self._left.set_result(await self._receive())
