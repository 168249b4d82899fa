"""What is known of a job: its state, how far it is, what failed in it, and the groups that it found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from model.errors import FacetError


class Kind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    GROUPS = "groups"
    REEMBED = "reembed"


class State(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more happens."""
        return self in (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Job:
    """A job as it stands."""

    id: str
    """UUID version 7."""
    kind: Kind
    state: State
    collection: str
    parameters: dict[str, Any]
    progress: dict[str, int | None]
    """Counts by name; `done` of `total`, which is None while nobody knows it, and what came of them."""
    error: dict[str, Any] | None
    """Why it failed, as `FacetError.to_data` gives it."""
    starts: int
    """How often a process took it up since it last got on."""
    version: int
    """Grows with every change of the job."""
    created: datetime
    changed: datetime


@dataclass(frozen=True)
class Failure:
    """One file of an import that was not enrolled."""

    place: int
    """Where it lies in what is imported, from 0."""
    path: str
    code: str
    detail: str
    subject: str | None = None

    @classmethod
    def of(cls, place: int, path: str, subject: str | None, error: FacetError) -> "Failure":
        """The failure that an error is."""
        return cls(place, path, error.code, error.message, subject)


@dataclass(frozen=True)
class Groups:
    """Faces by their ids, grouped; a face that was erased since is nowhere."""

    groups: list[list[str]]
    """The largest first, each in the order of enrolment."""
    unassigned: list[str]
    """Those that are like no other, in the order of enrolment."""
