"""Query parameters that several routes share, and how they are checked."""

from typing import Annotated

from fastapi import Path, Query

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


def within(name: str, value: int, limit: int) -> int:
    """The value. Raises InvalidRequest if it is above a limit that only the configuration knows."""
    if value > limit:
        raise InvalidRequest(f"{name} is {value}; the limit is {limit}.", limit=limit)
    return value
