"""Some faces as columns, which is how the index takes them and a snapshot keeps them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from gallery.index.compact_vectors import Compact, compacted
from gallery.index.faiss_library import Numbers
from gallery.index.metadata_filter import code, facts
from gallery.query import quality_number
from gallery.records import Enrolment
from model.attributes import EMBEDDING_SIZE, SPACES, Attribute

NAMES = ("id", "collection", "subject", "model")
"""What of a face is compared as a code of 64 bits."""
QUALITY = "quality"
"""The column of `quality_number`."""


@dataclass(frozen=True, eq=False)
class Columns:
    """What searches compare and filter by, of n faces in the order of their numbers."""

    rows: Mapping[str, NDArray[Any]]
    """`(n, ...)` by name: `numbers`, ascending, the codes of `NAMES`, `QUALITY`, and each attribute's compact
    vectors."""
    facts: NDArray[np.int64]
    """What metadata states `(m,)`, as `metadata_filter.facts` says."""

    @property
    def numbers(self) -> Numbers:
        """`(n,)`, ascending."""
        return self.rows["numbers"]

    @property
    def vectors(self) -> dict[Attribute, Compact]:
        """The compact vectors `(n, size)` of each attribute."""
        return {attribute: self.rows[attribute.value] for attribute in Attribute}


@dataclass(frozen=True, eq=False)
class FaceColumns(Columns):
    """Faces on their way into the index, or into a snapshot."""

    holders: Numbers
    """Whose the facts are `(m,)`, by number."""
    models: list[str]
    """The models that made them, each once."""

    @classmethod
    def of(cls, enrolments: Sequence[Enrolment]) -> Self:
        """The columns of some faces in the order of their numbers."""
        stated = [(fact, face.sequence) for face in enrolments for fact in facts(face.metadata)]
        embeddings = np.array([face.embedding for face in enrolments], np.float32).reshape(-1, EMBEDDING_SIZE)
        known: dict[str, int] = {}
        rows: dict[str, NDArray[Any]] = {"numbers": np.array([face.sequence for face in enrolments], np.int64)}
        for name in NAMES:
            texts = [getattr(face, name) for face in enrolments]
            known |= {text: code(text) for text in set(texts) - known.keys()}
            rows[name] = np.array([known[text] for text in texts], np.int64)
        rows[QUALITY] = np.array([quality_number(face.quality) for face in enrolments], np.float32)
        rows |= {attribute.value: compacted(embeddings, attribute) for attribute in Attribute}
        return cls(
            rows,
            np.array([fact for fact, _ in stated], np.int64),
            np.array([number for _, number in stated], np.int64),
            sorted({face.model for face in enrolments}),
        )

    def packed(self) -> bytes:
        """All of it as bytes, in the format of safetensors."""
        models = np.frombuffer(json.dumps(self.models).encode(), np.uint8)
        return save({**self.rows, "facts": self.facts, "holders": self.holders, "models": models})

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """The columns that gave these bytes. Raises SafetensorError, KeyError or ValueError for other bytes."""
        arrays = load(data)
        models = json.loads(arrays["models"].tobytes())
        return cls({name: arrays[name] for name in shapes()}, arrays["facts"], arrays["holders"], models)


def shapes() -> dict[str, tuple[tuple[int, ...], type]]:
    """The shape of one row of each column, and what it is of."""
    columns: dict[str, tuple[tuple[int, ...], type]] = dict.fromkeys(("numbers", *NAMES), ((), np.int64))
    columns[QUALITY] = (), np.float32
    for attribute, space in SPACES.items():
        columns[attribute.value] = (space.size,), np.int16 if space.unit else np.float32
    return columns
