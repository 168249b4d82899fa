"""Some faces as columns, which is how the index takes them and a snapshot keeps them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from gallery.index.flat import Numbers
from gallery.index.metadata_filter import facts
from gallery.records import Enrolment
from model.attributes import EMBEDDING_SIZE, Vector

NAMES = ("collection", "subject", "model")
ID = np.dtype("S36")


@dataclass(frozen=True, eq=False)
class FaceColumns:
    """What searches compare, filter and sort by, of n faces in the order of their numbers."""

    numbers: Numbers
    """`(n,)`, ascending."""
    embeddings: Vector
    """`(n, 99)`."""
    ids: NDArray[np.bytes_]
    """`(n,)` of 36 characters."""
    texts: dict[str, list[str]]
    """By each of `NAMES` the texts that occur, each once."""
    codes: dict[str, NDArray[np.int32]]
    """By each of `NAMES` where each face's text is among those, `(n,)`."""
    facts: NDArray[np.int64]
    """What metadata states `(m,)`, as `metadata_filter.facts` says."""
    holders: Numbers
    """Of whom `(m,)`, by number."""

    @classmethod
    def of(cls, enrolments: Sequence[Enrolment]) -> Self:
        """The columns of some faces in the order of their numbers."""
        texts: dict[str, dict[str, int]] = {name: {} for name in NAMES}
        codes = {
            name: np.array([known.setdefault(getattr(face, name), len(known)) for face in enrolments], np.int32)
            for name, known in texts.items()
        }
        stated = [(fact, face.sequence) for face in enrolments for fact in facts(face.metadata)]
        embeddings = [face.embedding for face in enrolments]
        return cls(
            np.array([face.sequence for face in enrolments], np.int64),
            np.stack(embeddings) if embeddings else np.empty((0, EMBEDDING_SIZE), np.float32),
            np.array([face.id.encode() for face in enrolments], ID),
            {name: list(known) for name, known in texts.items()},
            codes,
            np.array([fact for fact, _ in stated], np.int64),
            np.array([number for _, number in stated], np.int64),
        )

    def packed(self) -> bytes:
        """All of it as bytes, in the format of safetensors."""
        arrays: dict[str, NDArray[Any]] = {
            "numbers": self.numbers,
            "embeddings": np.ascontiguousarray(self.embeddings),
            "ids": self.ids.view(np.uint8).reshape(-1, ID.itemsize),
            "facts": self.facts,
            "holders": self.holders,
            "texts": np.frombuffer(json.dumps(self.texts).encode(), np.uint8),
            **self.codes,
        }
        return save(arrays)

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """The columns that gave these bytes. Raises SafetensorError, KeyError or ValueError for other bytes."""
        arrays = load(data)
        return cls(
            arrays["numbers"],
            arrays["embeddings"],
            np.ascontiguousarray(arrays["ids"]).view(ID).reshape(-1),
            json.loads(arrays["texts"].tobytes()),
            {name: arrays[name] for name in NAMES},
            arrays["facts"],
            arrays["holders"],
        )
