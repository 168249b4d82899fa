"""Calls and their answers as msgpack: NumPy arrays, records and domain errors come out as they went in.

Processes of this version and of the one before work together. A reader leaves out fields that it does not know, and one
that is missing has its default. A call is written as the version before writes it, because any worker may get it; an
answer as whoever asked for it reads it, who says so in the header `version` of the task.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache, partial
from typing import Any

import msgpack
import numpy as np
from pydantic import TypeAdapter

from gallery.query import Match, Query, Results, Term
from gallery.records import EnrolledFace
from model.attributes import Attribute
from model.edits import Edit
from model.errors import FacetError
from worker.interface import Drawing, DrawnSet, Face, ModelInfo, Quality, Verification
from worker.stimuli.recipe import AnyKind
from worker.stimuli.stimulus import Kind

VERSION = 3
"""What this process writes to those who know it. Version 1 had no version, and could read no field that it lacked."""
BEFORE = 2
"""What every process of a fleet reads that is changed one by one."""

SINCE = {("Face", "model"): 2, ("Drawing", "model"): 2, ("Face", "quality"): 3, ("Query", "min_quality"): 3}
"""The version in which a field of a record came that was not there from the first."""
ASKED = {("Query", "min_quality")}
"""Of these, what a call asks for: it is written all the same where it is not None; others leave it out."""

_FACES = (Face, Quality, Drawing, DrawnSet, Edit, ModelInfo, Verification)
_GALLERY = (EnrolledFace, Match, Query, Results, Term)
RECORDS: dict[str, type] = {record.__name__: record for record in (*_FACES, *_GALLERY)}

_KINDS: TypeAdapter[Kind] = TypeAdapter(AnyKind)

_ARRAY, _RECORD, _ERROR, _TUPLE, _ATTRIBUTE, _TIME, _KIND = range(7)
"""The extension types of msgpack that carry what it does not know."""


def pack(value: Any, version: int = VERSION) -> bytes:
    """A value as bytes, as a version reads it. Raises TypeError for a type that `unpack` could not bring back."""
    # Strict: a tuple or an attribute is not silently packed as the list or the text that it is like.
    packed: bytes = msgpack.packb(value, default=partial(_extended, version=version), strict_types=True)
    return packed


def unpack(data: bytes) -> Any:
    """The value that was packed: equal, of the same types, arrays to the last bit.

    Raises ValueError for bytes that are no message, or one of a version that cannot be read.
    """
    try:
        return msgpack.unpackb(data, ext_hook=_restored, strict_map_key=False)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a message that this version cannot read: {error}") from error


def pack_answers(answers: Sequence[Any], version: int) -> bytes:
    """The answers to the calls of a task, for a process of a version."""
    if version == 1:
        return pack(list(answers), version)
    return pack({"version": min(version, VERSION), "answers": list(answers)}, version)


def unpack_answers(data: bytes, count: int) -> list[Any]:
    """The answers to so many calls, from a worker of any version. Raises ValueError where they cannot be read."""
    value = unpack(data)
    answers = value.get("answers") if isinstance(value, dict) else value
    if not isinstance(answers, list) or len(answers) != count:
        raise ValueError(f"a message that does not answer {count} calls")
    return answers


def _extended(value: Any, version: int) -> msgpack.ExtType:
    if isinstance(value, np.ndarray) and value.dtype == np.float32:
        return msgpack.ExtType(_ARRAY, pack([list(value.shape), value.tobytes()], version))
    if type(value) in RECORDS.values():
        name = type(value).__name__
        known = {field: getattr(value, field) for field in _written(name, value, version)}
        return msgpack.ExtType(_RECORD, pack([name, known], version))
    if isinstance(value, FacetError):
        return msgpack.ExtType(_ERROR, pack(value.to_data(), version))
    if isinstance(value, Attribute):
        return msgpack.ExtType(_ATTRIBUTE, value.value.encode())
    if isinstance(value, datetime):
        return msgpack.ExtType(_TIME, value.isoformat().encode())
    if isinstance(value, Kind):
        return msgpack.ExtType(_KIND, value.model_dump_json().encode())
    if type(value) is tuple:
        return msgpack.ExtType(_TUPLE, pack(list(value), version))
    raise TypeError(f"a {type(value).__name__} cannot be sent to another process")


def _written(name: str, record: Any, version: int) -> Iterator[str]:
    """The fields of a record that are written for a version."""
    for field in fields(record):
        key = (name, field.name)
        if SINCE.get(key, 1) <= version or (key in ASKED and getattr(record, field.name) is not None):
            yield field.name


def _array(data: bytes) -> Any:
    shape, numbers = unpack(data)
    # Copied: an array over the message's bytes could not be written to.
    return np.frombuffer(numbers, np.float32).reshape(shape).copy()


def _record(data: bytes) -> Any:
    name, content = unpack(data)
    record = RECORDS[name]
    return record(**{field: content[field] for field in _fields(record) & content.keys()})


@cache
def _fields(record: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(record))


_RESTORE: dict[int, Callable[[bytes], Any]] = {
    _ARRAY: _array,
    _RECORD: _record,
    _ERROR: lambda data: FacetError.from_data(unpack(data)),
    _TUPLE: lambda data: tuple(unpack(data)),
    _ATTRIBUTE: lambda data: Attribute(data.decode()),
    _TIME: lambda data: datetime.fromisoformat(data.decode()),
    _KIND: _KINDS.validate_json,
}


def _restored(code: int, data: bytes) -> Any:
    return _RESTORE[code](data)
