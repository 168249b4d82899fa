"""What the service answers, as types: the named schemas of its OpenAPI document."""

from typing import Any, Literal, NotRequired, TypedDict

from facet_client.face_answers import Embedding as Embedding
from facet_client.face_answers import Expression as Expression
from facet_client.face_answers import Face as Face
from facet_client.face_answers import PoseDegrees as PoseDegrees
from facet_client.face_answers import Quality as Quality

Similarities = dict[str, float]  # by attribute


class Failure(TypedDict):
    """Why one picture of several failed."""

    code: str
    detail: str


class EmbeddedImage(TypedDict):
    """The faces of one picture, largest first, or why it has none."""

    faces: list[Face]
    error: Failure | None


class ModelOfAnswer(TypedDict):
    """The model that made an answer's embeddings."""

    id: str
    image_size: int
    read_size: int


class Embedded(TypedDict):
    """One entry for each picture, in the order in which they were sent."""

    model: ModelOfAnswer
    images: list[EmbeddedImage]


class Reconstruction(TypedDict):
    """A drawn face as PNG bytes; `input`, the aligned crop, and `ssim` only where a picture was sent."""

    image: bytes
    input: NotRequired[bytes]
    embedding: Embedding
    ssim: NotRequired[float]


class GeneratedFace(TypedDict):
    """A made-up face as PNG bytes, and what was drawn."""

    image: bytes
    embedding: Embedding


class Edited(GeneratedFace):
    """The drawn face as PNG bytes, what was drawn, and what the encoder sees in the drawing."""

    reencoded: Embedding


class Stimulus(TypedDict):
    """One face of a set as PNG bytes, what was drawn, and what the table says of it."""

    name: str
    image: bytes
    embedding: Embedding
    columns: dict[str, float | str]


class DrawnStimuli(TypedDict):
    """A set of drawn faces with the recipe from which it comes again; `r2` is of a direction of ratings alone."""

    recipe: dict[str, Any]
    faces: list[Stimulus]
    r2: NotRequired[float | None]


class Verified(TypedDict):
    """Whether two pictures show one person, by identity alone."""

    same_person: bool
    probability: float
    threshold: float
    similarities: Similarities


class Enrolled(TypedDict):
    """An enrolled face; `created` is a time as ISO 8601 has it."""

    id: str
    subject: str
    collection: str
    embedding: Embedding
    model: str
    metadata: dict[str, Any]
    quality: float | None
    created: str
    sequence: int


class EnrolledPage(TypedDict):
    """Some enrolled faces, and where the next page begins."""

    faces: list[Enrolled]
    next_cursor: str | None


class Deleted(TypedDict):
    """The receipt of a deletion."""

    deleted: int
    sequence: int
    at: str


class CollectionEntry(TypedDict):
    """How much a collection holds."""

    name: str
    faces: int
    subjects: int


class Collections(TypedDict):
    """Every collection that holds a face."""

    collections: list[CollectionEntry]


class Found(TypedDict):
    """One enrolled face that a search found."""

    id: str
    subject: str
    collection: str
    similarity: float
    distance: float
    similarities: Similarities
    metadata: dict[str, Any]
    quality: float | None


class SearchResults(TypedDict):
    """The best results, best first, and how many faces met the conditions."""

    results: list[Found]
    searched: int


class BatchResults(TypedDict):
    """The answers to several queries, in their order."""

    answers: list[SearchResults]


class Candidate(TypedDict):
    """A subject, by the one of its faces that is most like the face asked for."""

    subject: str
    probability: float
    similarity: float
    id: str
    collection: str
    metadata: dict[str, Any]


class Identified(TypedDict):
    """Who it is; None where it is nobody who is enrolled."""

    subject: str | None
    probability: float
    min_probability: float
    candidates: list[Candidate]
    searched: int


class Seeded(TypedDict):
    """What the demonstration gallery holds."""

    collection: str
    faces: int
    subjects: int


class JobError(TypedDict):
    """Why a job failed."""

    code: str
    detail: str


class Job(TypedDict):
    """A job as it stands."""

    id: str
    kind: Literal["import", "groups", "reembed"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    collection: str
    progress: dict[str, int | None]
    error: JobError | None
    created: str
    changed: str


class FailedFile(TypedDict):
    """A file of an import that was not enrolled."""

    place: int
    path: str
    code: str
    detail: str


class JobReport(Job):
    """A job with what came of it."""

    failures: list[FailedFile]
    next_failures: int | None
    groups: list[list[str]] | None
    unassigned: list[str] | None


class JobPage(TypedDict):
    """Some jobs, the newest first."""

    jobs: list[Job]
    next_cursor: str | None


class AttributeEntry(TypedDict):
    """Where one attribute lies in the embedding and how two faces are compared by it."""

    name: str
    slice: list[int]
    size: int
    space: str
    distance: Literal["cosine", "euclidean"]


class Search(TypedDict):
    """How enrolled faces are compared; of approximate indexes with their recall."""

    kind: Literal["exact", "approximate"]
    recall_at_10: dict[str, float]


class Model(TypedDict):
    """What the loaded model says of itself."""

    id: str
    image_size: int
    read_size: int
    detector: str
    attributes: list[AttributeEntry]
    presets: dict[str, list[str]]
    limits: dict[str, int]
    card: dict[str, Any]
    search: Search


class Health(TypedDict):
    """The answer of a probe."""

    status: Literal["ok"]
    note: NotRequired[str]
