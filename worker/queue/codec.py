"""Calls and their answers as msgpack: NumPy arrays, records and domain errors come out as they went in."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgpack
import numpy as np

from gallery.query import Match, Query, Results, Term
from gallery.records import EnrolledFace
from model.attributes import Attribute
from model.edits import Edit
from model.errors import FacetError
from worker.interface import Drawing, Face, ModelInfo, Verification

RECORDS: dict[str, type] = {
    record.__name__: record
    for record in (Drawing, Edit, EnrolledFace, Face, Match, ModelInfo, Query, Results, Term, Verification)
}

_ARRAY, _RECORD, _ERROR, _TUPLE, _ATTRIBUTE, _TIME = range(6)
"""The extension types of msgpack that carry what it does not know."""


def pack(value: Any) -> bytes:
    """A value as bytes. Raises TypeError for a type that `unpack` could not bring back."""
    # Strict: a tuple or an attribute is not silently packed as the list or the text that it is like.
    packed: bytes = msgpack.packb(value, default=_extended, strict_types=True)
    return packed


def unpack(data: bytes) -> Any:
    """The value that was packed: equal, of the same types, arrays to the last bit."""
    return msgpack.unpackb(data, ext_hook=_restored, strict_map_key=False)


def _extended(value: Any) -> msgpack.ExtType:
    if isinstance(value, np.ndarray) and value.dtype == np.float32:
        return msgpack.ExtType(_ARRAY, pack([list(value.shape), value.tobytes()]))
    if type(value) in RECORDS.values():
        content = {field.name: getattr(value, field.name) for field in fields(value)}
        return msgpack.ExtType(_RECORD, pack([type(value).__name__, content]))
    if isinstance(value, FacetError):
        return msgpack.ExtType(_ERROR, pack(value.to_data()))
    if isinstance(value, Attribute):
        return msgpack.ExtType(_ATTRIBUTE, value.value.encode())
    if isinstance(value, datetime):
        return msgpack.ExtType(_TIME, value.isoformat().encode())
    if type(value) is tuple:
        return msgpack.ExtType(_TUPLE, pack(list(value)))
    raise TypeError(f"a {type(value).__name__} cannot be sent to another process")


def _array(data: bytes) -> Any:
    shape, numbers = unpack(data)
    # Copied: an array over the message's bytes could not be written to.
    return np.frombuffer(numbers, np.float32).reshape(shape).copy()


def _record(data: bytes) -> Any:
    name, content = unpack(data)
    return RECORDS[name](**content)


_RESTORE: dict[int, Callable[[bytes], Any]] = {
    _ARRAY: _array,
    _RECORD: _record,
    _ERROR: lambda data: FacetError.from_data(unpack(data)),
    _TUPLE: lambda data: tuple(unpack(data)),
    _ATTRIBUTE: lambda data: Attribute(data.decode()),
    _TIME: lambda data: datetime.fromisoformat(data.decode()),
}


def _restored(code: int, data: bytes) -> Any:
    return _RESTORE[code](data)
