"""One face of a set of stimuli, before it is drawn, and the kinds of set that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema

from model.attributes import EMBEDDING_SIZE, Attribute, Vector, settled
from model.calibration import Calibration
from model.engine.backend import Pixels

Attributes: TypeAlias = tuple[Attribute, ...]


def _vector(given: Any) -> Vector:
    try:
        return settled(given)
    except TypeError as error:
        raise ValueError(str(error)) from error


Embedding = Annotated[
    Vector,
    PlainValidator(_vector),
    PlainSerializer(lambda embedding: embedding.tolist(), return_type=list[float]),
    WithJsonSchema(
        {"type": "array", "items": {"type": "number"}, "minItems": EMBEDDING_SIZE, "maxItems": EMBEDDING_SIZE}
    ),
]
"""The numbers of an embedding `(99,)`, which JSON brings back to the last bit."""


@dataclass(frozen=True)
class Stimulus:
    """One face that is to be drawn."""

    name: str
    """Of its file, without ending; no two of a set are the same."""
    embedding: Vector
    """`(99,)`."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """What the table says of it."""


class Studio(Protocol):
    """What draws the faces of a set, and reads them again."""

    @property
    def calibration(self) -> Calibration:
        """The presets of expressions."""

    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces."""

    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` drawn, `(n, size, size, 3)`."""

    def read(self, drawn: Pixels) -> Vector:
        """What the encoder reads in drawings `(n, size, size, 3)`, `(n, 99)`."""


class Kind(BaseModel):
    """A kind of set with all that decides what is drawn, as JSON holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @property
    def count(self) -> int:
        """How many faces the set has."""
        raise NotImplementedError

    @property
    def in_a_row(self) -> int | None:
        """How many faces of a sheet stand side by side; None makes it about square."""
        return None

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """The faces of the set. The same model and the same fields give the same. Raises InvalidRequest."""
        raise NotImplementedError
