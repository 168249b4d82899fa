"""Msgpack request and response bodies: smaller than JSON for many embeddings or pictures.

The same values as in JSON, but for two: a picture is its bytes, and each part of an embedding is the bytes of its
float32 numbers, little-endian.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import msgpack
import numpy as np
from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from model.attributes import Attribute
from model.errors import InvalidEmbedding, InvalidRequest, TooLarge
from service.schemas import Embedding

FLOAT32 = np.dtype("<f4")

_BINARY = frozenset({0xC4, 0xC5, 0xC6})
"""The first byte of what msgpack calls bin: the bytes of a picture."""
_ARRAY = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})

MAX_KEY = 31
_SHORT_TEXT = range(0xA0, 0xA1 + MAX_KEY)

MAX_DEPTH = 32
"""How deep values may lie in each other."""


def pack(answer: Any) -> bytes:
    """An answer as msgpack."""
    packed: bytes = msgpack.packb(answer, default=_packable)
    return packed


def _packable(value: Any) -> Any:
    """What msgpack is given for a value that it does not know."""
    if isinstance(value, Embedding):
        parts = {part.value: np.array(getattr(value, part), FLOAT32).tobytes() for part in Attribute}
        return parts if value.model is None else {**parts, "model": value.model}
    if isinstance(value, RootModel):
        return value.root
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, BaseModel):
        return {name: item for name, item in value if name in value.model_fields_set}
    return to_jsonable_python(value)


def unpack(body: bytes, max_text_bytes: int) -> tuple[dict[str, list[bytes]], dict[str, Any]]:
    """The pictures and the fields of a body: a map in which bytes, or a list of them, are pictures.

    Bytes that lie deeper are float32 numbers. Raises InvalidRequest for what is no such map and for values that JSON
    does not have, InvalidEmbedding for numbers that are not finite, and TooLarge for fields of more than
    `max_text_bytes`.
    """
    pictures: dict[str, list[bytes]] = {}
    fields: dict[str, Any] = {}
    size = 0
    try:
        for name, piece in _entries(memoryview(body)):
            if piece[0] in _BINARY:
                pictures[name] = [msgpack.unpackb(piece)]
            elif piece[0] in _ARRAY and (found := _pictures(piece)):
                pictures[name] = found
            else:
                size += len(piece)
                if size > max_text_bytes:
                    raise TooLarge(f"The fields have more than {max_text_bytes} bytes.", max_text_bytes=max_text_bytes)
                fields[name] = _plain(msgpack.unpackb(piece))
    except (ValueError, msgpack.UnpackException) as error:
        raise InvalidRequest(f"The body is not a msgpack map: {str(error) or type(error).__name__}.") from error
    return pictures, fields


def _entries(body: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Each key of a map and the packed value, which is not built yet: small bytes may unpack to large values."""
    reader = msgpack.Unpacker(max_buffer_size=max(len(body), 1))
    reader.feed(body)
    seen = set()
    for _ in range(reader.read_map_header()):
        key = _next(reader, body)
        if key[0] not in _SHORT_TEXT or key in seen:
            raise InvalidRequest(f"The keys of the body must be texts of at most {MAX_KEY} bytes, each of them once.")
        seen.add(key)
        yield msgpack.unpackb(key), _next(reader, body)
    if reader.tell() < len(body):
        raise InvalidRequest("The body has bytes after its end.")


def _next(reader: msgpack.Unpacker, data: memoryview) -> memoryview:
    """The next value, packed, as a part of the data: copies would be as large as all pictures."""
    start = reader.tell()
    reader.skip()
    return data[start : reader.tell()]


def _pictures(piece: memoryview) -> list[bytes]:
    """The items of an array if all of them are bytes, else nothing."""
    reader = msgpack.Unpacker(max_buffer_size=len(piece))
    reader.feed(piece)
    items = (_next(reader, piece) for _ in range(reader.read_array_header()))
    found = []
    for item in items:
        if item[0] not in _BINARY:
            return []
        found.append(msgpack.unpackb(item))
    return found


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON would have brought it."""
    if depth > MAX_DEPTH:
        raise InvalidRequest(f"The body's values lie more than {MAX_DEPTH} deep in each other.")
    match value:
        case dict():
            if not all(isinstance(name, str) for name in value):
                raise InvalidRequest("The keys of a map must be texts.")
            return {name: _plain(item, depth + 1) for name, item in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case bytes():
            return _numbers(value)
        case float() if not math.isfinite(value):
            raise InvalidRequest("The body holds NaN or Infinity; every number must be finite.")
        case None | bool() | int() | float() | str():
            return value
    raise InvalidRequest("The body holds a msgpack extension, which has no meaning here.")


def _numbers(data: bytes) -> list[float]:
    if len(data) % FLOAT32.itemsize:
        raise InvalidEmbedding(f"{len(data)} bytes are not a row of float32 numbers.")
    numbers = np.frombuffer(data, FLOAT32)
    if not np.isfinite(numbers).all():
        raise InvalidEmbedding("The embedding holds NaN or Infinity; every number must be finite.")
    return [float(number) for number in numbers]
