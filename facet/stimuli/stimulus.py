"""One face of a set of stimuli, before it is drawn, and the kinds of set that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema

from facet.library.pictures import embedding_in
from model.attributes import EMBEDDING_SIZE, Attribute, Vector
from model.errors import InvalidEmbedding

if TYPE_CHECKING:
    from facet.library import Facet

Attributes: TypeAlias = tuple[Attribute, ...]


def _vector(given: Any) -> Vector:
    try:
        embedding = embedding_in(np.asarray(given, np.float32))
    except (InvalidEmbedding, TypeError) as error:
        raise ValueError(str(error)) from error
    assert embedding is not None, "an array of floats is an embedding"
    return embedding


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


class Kind(BaseModel):
    """A kind of set with all that decides what is drawn, as JSON holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @property
    def in_a_row(self) -> int | None:
        """How many faces of a sheet stand side by side; None makes it about square."""
        return None

    def plan(self, model: "Facet") -> Sequence[Stimulus]:
        """The faces of the set. The same model and the same fields give the same. Raises InvalidRequest."""
        raise NotImplementedError
