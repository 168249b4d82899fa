"""How records lie in the rows of the tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row

from gallery.records import Amendment, Change, Deletion, EnrolledFace, Enrolment, NewFace
from gallery.store.tables import faces
from gallery.store.uuid7 import uuid7
from model.attributes import Vector

FACE = [column for column in faces.columns if column.name not in ("crop", "content")]
"""The columns that `face_of` reads."""
_FLOATS = np.dtype("<f4")
"""How an embedding lies in its 396 bytes."""


def row_of(face: NewFace, sequence: int, now: int) -> dict[str, Any]:
    """The row of a face that is enrolled now, in milliseconds since 1970 (UTC); it gives the face its id."""
    milliseconds = now if face.created is None else round(face.created.timestamp() * 1000)
    return {
        "sequence": sequence,
        "id": face.id or uuid7(milliseconds),
        "subject": face.subject,
        "collection": face.collection,
        "model": face.model,
        "embedding": face.embedding.astype(_FLOATS).tobytes(),
        "metadata": face.metadata,
        "quality": face.quality,
        "created": milliseconds,
        "crop": face.crop,
        "content": face.content,
    }


def values_of(amendment: Amendment) -> dict[str, Any]:
    """The columns that a change of a face sets."""
    values = amendment.given
    if amendment.embedding is not None:
        values["embedding"] = amendment.embedding.astype(_FLOATS).tobytes()
    return values


def face_of(row: Mapping[Any, Any]) -> EnrolledFace:
    """The face in a row of `faces`."""
    return EnrolledFace(
        id=row["id"],
        sequence=row["sequence"],
        subject=row["subject"],
        collection=row["collection"],
        model=row["model"],
        embedding=vector_of(row["embedding"]),
        metadata=row["metadata"],
        quality=row["quality"],
        created=moment(row["created"]),
    )


def new_face_of(row: Mapping[Any, Any]) -> NewFace:
    """The face in a row of `faces` as it can be enrolled elsewhere."""
    return NewFace(
        row["subject"],
        vector_of(row["embedding"]),
        row["model"],
        row["collection"],
        row["metadata"],
        row["quality"],
        row["crop"],
        row["content"],
        row["id"],
        moment(row["created"]),
    )


def moment(milliseconds: int) -> datetime:
    """A moment given in milliseconds since 1970 (UTC)."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def change_of(row: Row[Any]) -> Change:
    """The change in a row of `faces`, or of `deletions` where it names a deleted face."""
    if row.face is not None:
        return Deletion(row.sequence, row.face)
    return enrolment_of(row)


def enrolment_of(row: Row[Any]) -> Enrolment:
    """The enrolment in a row of `faces`."""
    vector = vector_of(row.embedding)
    return Enrolment(row.sequence, row.id, row.subject, row.collection, row.model, vector, row.metadata, row.quality)


def vector_of(numbers: bytes) -> Vector:
    """The embedding `(99,)` in its bytes."""
    return np.frombuffer(numbers, _FLOATS).astype(np.float32, copy=False)
