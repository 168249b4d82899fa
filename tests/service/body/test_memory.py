"""How much memory the bodies under way take, as THREATS.md says it: a number of times their bytes."""

import asyncio
import tracemalloc
from collections.abc import Iterator

import msgpack
import pytest
from fastapi import Request
from starlette.types import Message

from service.body.request_body import Inputs, read_inputs
from service.config import ServiceConfig

PICTURE = bytes(8 * 2**20)
COPIES = 4
BOUNDARY = b"frontier"


def form() -> bytes:
    head = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    return b"".join(head + PICTURE + b"\r\n" for _ in range(3)) + b"--" + BOUNDARY + b"--\r\n"


BODIES = {
    "multipart/form-data; boundary=frontier": form,
    "application/msgpack": lambda: msgpack.packb({"image": [PICTURE] * 3}),
    "image/jpeg": lambda: PICTURE,
}


def chunks(body: bytes) -> Iterator[Message]:
    for start in range(0, len(body), 2**16):
        more = start + 2**16 < len(body)
        yield {"type": "http.request", "body": body[start : start + 2**16], "more_body": more}


@pytest.mark.parametrize("media_type", BODIES)
def test_a_body_is_never_in_memory_more_often_than_promised(media_type: str) -> None:
    body = BODIES[media_type]()
    pieces = chunks(body)

    async def receive() -> Message:
        return next(pieces)

    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    request = Request({"type": "http", "method": "POST", "path": "/embed", "headers": headers}, receive)
    kept: list[Inputs] = []

    async def read() -> None:
        kept.append(await read_inputs(request, ServiceConfig()))

    tracemalloc.start()
    try:
        asyncio.run(read())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {len(picture) for picture in kept[0].pictures["image"]} == {len(PICTURE)}
    assert len(body) < peak < COPIES * len(body) + 2**20
