"""HTTP over a connection whose callers must get on with it."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection that does not bring a request's headers in time; uvicorn itself waits for ever.

    `header_seconds` is set on a subclass, as uvicorn makes the protocols itself.
    """

    header_seconds = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        # Of a later request on the same connection; between requests uvicorn's own time limit holds.
        self._headers_came()
        self._wait_for_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._headers_came()
        super().on_headers_complete()

    def _wait_for_headers(self) -> None:
        self._waiting: asyncio.TimerHandle | None = self.loop.call_later(self.header_seconds, self._give_up)

    def _headers_came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        self.transport.close()


def patient_protocol(header_seconds: float) -> type[Any]:
    """The protocol with a time limit for headers."""
    return type("PatientProtocol", (PatientProtocol,), {"header_seconds": header_seconds})
