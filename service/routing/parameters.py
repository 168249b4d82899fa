"""Query parameters that several routes share, and how they are checked."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from gallery.limits import MAX_COLLECTION, MAX_SUBJECT
from model.errors import InvalidRequest
from worker.interface import Align

AlignQuery = Annotated[
    Align, Query(description="`auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop")
]

ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The pattern of an id: a UUID in lower case."""

FACE_CURSOR = "^([0-7][0-9a-f]{15}|[A-Za-z0-9_-]{119}=)$"
"""A sequence number or, for callers who see some collections only, one that is sealed."""
FaceCursor = Annotated[str | None, Query(pattern=FACE_CURSOR, description="the `next_cursor` of the page before")]

JobCursor = Annotated[str | None, Query(pattern=f"^{ID}$", description="the `next_cursor` of the page before")]

Collection = Annotated[str | None, Query(description="look only in this collection", examples=["default"])]
Subject = Annotated[str | None, Query(description="look only at this subject's faces")]

MinQuality = Annotated[
    float | None,
    Query(ge=0, le=1, allow_inf_nan=False, description="refuse a face whose quality is below this"),
]

FaceId = Annotated[
    str, Path(description="the id of an enrolled face", examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])
]

JobId = Annotated[UUID, Path(description="the id of a job", examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])]
"""In a path as `{job_id:uuid}`, so that `/jobs/import` is no job's."""

_COLLECTION: dict[str, Any] = {"minLength": 1, "maxLength": MAX_COLLECTION, "pattern": "^[A-Za-z0-9_.-]+$"}
_ID: dict[str, Any] = {"pattern": f"^{ID}$"}
TEXT_BOUNDS: Mapping[str, dict[str, Any]] = {
    "subject": {"minLength": 1, "maxLength": MAX_SUBJECT, "pattern": r"^[^\u0000]*$"},
    "collection": _COLLECTION,
    "name": _COLLECTION,
    "face": _ID,
    "face_id": _ID,
    "job_id": _ID,
}
"""By the name of a parameter or field; a text that breaks its bounds is refused, or names nothing."""


def within(name: str, value: int, limit: int) -> int:
    """The value. Raises InvalidRequest if it is above a limit that only the configuration knows."""
    if value > limit:
        raise InvalidRequest(f"{name} is {value}; the limit is {limit}.", limit=limit)
    return value
