"""Query parameters that several routes share, and how they are checked."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query

from gallery.limits import MAX_COLLECTION, MAX_SUBJECT
from model.errors import InvalidRequest
from worker.interface import Align

AlignQuery = Annotated[
    Align, Query(description="`auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop")
]

Collection = Annotated[str | None, Query(description="look only in this collection", examples=["default"])]
Subject = Annotated[str | None, Query(description="look only at this subject's faces")]

FaceId = Annotated[
    str, Path(description="the id of an enrolled face", examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])
]

JobId = Annotated[str, Path(description="the id of a job", examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])]

_COLLECTION: dict[str, Any] = {"minLength": 1, "maxLength": MAX_COLLECTION, "pattern": "^[A-Za-z0-9_.-]+$"}
_ID: dict[str, Any] = {"pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TEXT_BOUNDS: Mapping[str, dict[str, Any]] = {
    "subject": {"minLength": 1, "maxLength": MAX_SUBJECT},
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
