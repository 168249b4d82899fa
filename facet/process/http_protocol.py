"""HTTP over connections that are few, whose headers are short, and whose callers must get on with it."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES = 16 * 2**10
"""The setting `h11_max_incomplete_event_size` of uvicorn: bytes that h11 keeps of headers, or of trailers, that are not
complete."""
KEEP_ALIVE_SECONDS = 75
"""The setting `timeout_keep_alive` of uvicorn: how long a connection without a request is kept. Callers keep theirs for
less (httpx 5 s, nginx and most load balancers 60 s): whoever asks must be the one that closes, or a request and the end
of its connection cross, and the request breaks off."""
_PIECE = 4 * 2**10
"""Bytes after which h11 is asked whether they are too many; it looks only while some are missing."""


class PatientProtocol(H11Protocol):
    """Closes a connection that does not bring a request's headers in time, or whose caller does not take its answer.

    uvicorn itself waits for ever, and lets any number of connections in. h11 bounds headers, where httptools, which
    takes a tenth of a millisecond less for a request, keeps any number of bytes of a header, and of trailers.

    The limits are set on a subclass, as uvicorn makes the protocols itself.
    """

    connections_at_once = 1000
    header_seconds = 10.0
    answer_seconds = 60.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waits_for_reader: asyncio.TimerHandle | None = None
        self._wait_for_head()
        if len(self.connections) > self.connections_at_once:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waits_for_head.cancel()
        self._reader_went_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # In pieces while h11 takes it for headers, so that it counts them before it reads them.
        while data and not self._answering() and not self.transport.is_closing():
            super().data_received(data[:_PIECE])
            data = data[_PIECE:]
        if data and not self.transport.is_closing():
            super().data_received(data)
        if self._answering():
            self._waits_for_head.cancel()
        elif self._waits_for_head.cancelled():
            # Of a later request on the same connection; between requests uvicorn's own time limit holds.
            self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._answering() and self.conn.trailing_data[0] and self._waits_for_head.cancelled():
            # A part of the next request came along with this one.
            self._wait_for_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._waits_for_reader = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._reader_went_on()
        super().resume_writing()

    def _answering(self) -> bool:
        """Whether a request has come whose answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._waits_for_head = self.loop.call_later(self.header_seconds, self.transport.close)

    def _reader_went_on(self) -> None:
        if self._waits_for_reader is not None:
            self._waits_for_reader.cancel()
            self._waits_for_reader = None


def patient_protocol(header_seconds: float, answer_seconds: float, connections: int) -> type[Any]:
    """The protocol with limits of one's own."""
    limits = {
        "header_seconds": header_seconds,
        "answer_seconds": answer_seconds,
        "connections_at_once": connections,
    }
    return type("PatientProtocol", (PatientProtocol,), limits)
