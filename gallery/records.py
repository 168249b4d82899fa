"""What the gallery takes and gives: faces, pages of them, collections, and the changes that a replica follows."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from gallery.limits import (
    check_collection,
    check_id,
    check_metadata,
    check_model,
    check_quality,
    check_subject,
    checked_embedding,
)
from model.attributes import Vector
from model.errors import InvalidRequest


# Records that hold arrays are compared by identity: arrays have no single truth value.
@dataclass(frozen=True, eq=False)
class NewFace:
    """A face to enrol. Raises InvalidRequest or InvalidEmbedding where a field breaks its limit."""

    subject: str
    """Whose face it is, 1 to 200 characters."""
    embedding: Vector
    """`(99,)`, stored bit by bit as given."""
    model: str
    """The id of the model that made the embedding."""
    collection: str = "default"
    metadata: dict[str, Any] = field(default_factory=dict)
    """Any JSON object of at most 16 KB."""
    quality: float | None = None
    """From 0 to 1: how much there is of the face in its picture. None where only an embedding was given."""
    crop: bytes | None = None
    """The encoded picture of the aligned face, where pictures are kept."""
    content: bytes | None = None
    """The hash (SHA-256) of the picture that it was imported from, by which a second import leaves it out."""
    id: str | None = None
    """The id that it had in another gallery, or that a repeated enrolment has again; by default it gets a new one."""
    created: datetime | None = None
    """When it was first enrolled, where that was in another gallery."""

    def __post_init__(self) -> None:
        check_subject(self.subject)
        check_collection(self.collection)
        check_model(self.model)
        check_metadata(self.metadata)
        if self.quality is not None:
            check_quality(self.quality)
        object.__setattr__(self, "embedding", checked_embedding(self.embedding))
        if self.id is not None:
            check_id(self.id)


@dataclass(frozen=True, eq=False)
class EnrolledFace:
    """A face of the gallery; its picture, where there is one, is fetched apart."""

    id: str
    """A UUID; of version 7 where the gallery made it."""
    sequence: int
    """Its number: that of its enrolment among all changes, or of the latest change of it."""
    subject: str
    collection: str
    model: str
    embedding: Vector
    """`(99,)`, float32, read-only."""
    metadata: dict[str, Any]
    quality: float | None
    created: datetime
    """UTC, whole milliseconds."""


@dataclass(frozen=True, eq=False)
class Amendment:
    """What shall change of a face; None leaves a field as it is.

    Raises InvalidRequest where a field breaks its limit, or where all are None.
    """

    subject: str | None = None
    collection: str | None = None
    metadata: dict[str, Any] | None = None
    """Takes the place of all that was there."""
    embedding: Vector | None = None
    """`(99,)`, made by `model`."""
    model: str | None = None
    """The id of the model that made `embedding`; the two go together."""

    def __post_init__(self) -> None:
        if not self.given:
            raise InvalidRequest("a change names at least one of subject, collection and metadata")
        if (self.embedding is None) != (self.model is None):
            raise InvalidRequest("an embedding and the model that made it change together")
        if self.embedding is not None and self.model is not None:
            check_model(self.model)
            object.__setattr__(self, "embedding", checked_embedding(self.embedding))
        if self.subject is not None:
            check_subject(self.subject)
        if self.collection is not None:
            check_collection(self.collection)
        if self.metadata is not None:
            check_metadata(self.metadata)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are given, by name."""
        return {item.name: value for item in fields(self) if (value := getattr(self, item.name)) is not None}


@dataclass(frozen=True)
class KeptPicture:
    """The picture that was kept of a face."""

    sequence: int
    """The face's number."""
    id: str
    subject: str
    crop: bytes
    """The encoded picture of the aligned face."""


@dataclass(frozen=True)
class Receipt:
    """What a deletion took away, after which nothing gives it again."""

    deleted: int
    """How many faces."""
    sequence: int
    """The number of the latest change, this deletion among them."""
    at: datetime
    """UTC, whole milliseconds."""


@dataclass(frozen=True)
class Page:
    """Some faces in the order of their enrolment or latest change."""

    faces: list[EnrolledFace]
    next_cursor: str | None
    """Names the place where the next page starts; None on the last."""


@dataclass(frozen=True)
class CollectionInfo:
    """How much a collection holds."""

    name: str
    faces: int
    subjects: int


@dataclass(frozen=True, eq=False)
class Enrolment:
    """A change: a face that is now there, with what a search needs of it.

    A face that was changed is deleted under its old number and enrolled under a new one.
    """

    sequence: int
    """Also the face's number from now on."""
    id: str
    subject: str
    collection: str
    model: str
    embedding: Vector
    """`(99,)`, float32."""
    metadata: dict[str, Any] = field(default_factory=dict)
    quality: float | None = None


@dataclass(frozen=True)
class Deletion:
    """A change: a face that is gone."""

    sequence: int
    face: int
    """Its number."""


Change = Enrolment | Deletion
