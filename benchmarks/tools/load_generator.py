"""The load generator: connections that ask a service the same things again and again, from a process of its own.

It speaks HTTP by hand, because a library's client would take a good part of the processor, and counts what it takes.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from multiprocessing import get_context
from typing import NamedTuple, Self

import uvloop

PATIENCE = 60.0
"""Seconds in which the last answers must have come."""

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_BOUNDARY = "facet-benchmark"


class Measure(NamedTuple):
    """What some callers got."""

    answers: int
    seconds: float
    median_ms: float
    p95_ms: float
    cpu_seconds: float
    """Processor time of the callers themselves."""

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def request(path: str, body: bytes, content_type: str) -> bytes:
    """A request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    return head.encode() + _HEAD_END + body


def raw(path: str, picture: bytes) -> bytes:
    """A request whose body is one picture."""
    return request(path, picture, "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg")


def multipart(path: str, pictures: Sequence[bytes]) -> bytes:
    """A request with several pictures, each a part `image` of a form."""
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name=image; filename=face\r\n"
    parts = [f"{head}Content-Type: image/*\r\n\r\n".encode() + picture + b"\r\n" for picture in pictures]
    body = b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
    return request(path, body, f"multipart/form-data; boundary={_BOUNDARY}")


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, until a time."""

    def __init__(self, requests: Iterator[bytes], until: float, done: asyncio.Future[None]) -> None:
        self.seconds: list[float] = []
        self._requests = requests
        self._until = until
        self._done = done
        self._answer = bytearray()
        self._begun = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        end = self._answer.find(_HEAD_END)
        if end < 0 or len(self._answer) < end + len(_HEAD_END) + _length(self._answer[:end]):
            return
        self.seconds.append(time.perf_counter() - self._begun)
        if not self._answer.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(self._answer.decode(errors="replace")))
            self._transport.close()
        elif time.perf_counter() < self._until:
            self._answer.clear()
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None) if exc is None else self._done.set_exception(exc)

    def _ask(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(next(self._requests))


def _length(head: bytearray) -> int:
    """The length of the body that the head of an answer announces."""
    lower = head.lower()
    begin = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[begin:].split(b"\r", 1)[0])


async def _crowd(port: int, requests: Sequence[bytes], concurrency: int, seconds: float) -> list[float]:
    """The seconds of each answer."""
    loop = asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(concurrency)]
    following = cycle(requests)
    until = time.perf_counter() + seconds
    connections = [
        (await loop.create_connection(lambda: _Connection(following, until, end), "127.0.0.1", port))[1]  # noqa: B023
        for end in ends
    ]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*ends)
    return [each for connection in connections for each in connection.seconds]


def _ask(port: int, requests: Sequence[bytes], concurrency: int, seconds: float) -> Measure:
    begun, cpu = time.perf_counter(), time.process_time()
    times = sorted(uvloop.run(_crowd(port, requests, concurrency, seconds)))
    return Measure(
        answers=len(times),
        seconds=time.perf_counter() - begun,
        median_ms=1000 * statistics.median(times),
        p95_ms=1000 * times[int(0.95 * len(times))],
        cpu_seconds=time.process_time() - cpu,
    )


class Callers:
    """Callers in a process that does nothing else."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """Callers whose process runs."""
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            yield cls(pool)

    def ask(self, url: str, requests: Sequence[bytes], concurrency: int, seconds: float) -> Measure:
        """Send requests, each connection the next one of them in turn, for some seconds; every answer must be good."""
        return self._pool.submit(_ask, int(url.rpartition(":")[2]), requests, concurrency, seconds).result()
