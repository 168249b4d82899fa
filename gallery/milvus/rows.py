"""How faces lie in a Milvus collection: vectors whose inner products are similarities, and numbers to filter by.

Text is there as hashes of 64 bits: a filter on a number needs no quoting, and nobody reads who somebody is.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from gallery.index.metadata_filter import code, facts
from gallery.index.vector_space import WHOLE, lift, width
from gallery.query import NO_QUALITY, quality_number
from gallery.records import Enrolment
from model.attributes import SPACES, Attribute, Vector, part

COMPOSED = "composed"
"""The vector field of all attributes, which is always searched exactly."""
SINGLE = tuple(attribute for attribute in Attribute if SPACES[attribute].unit)
"""The attributes with a vector field of their own. By default a collection of Milvus 2 has four: poses do without."""
VECTORS = {**{attribute.value: width([attribute]) for attribute in SINGLE}, COMPOSED: width(WHOLE)}
"""The vector fields, with their sizes."""
ANGLES = ("pitch", "yaw", "roll")
QUALITY = "quality"
FLOATS = (*ANGLES, QUALITY)
"""The scalar fields of float32."""
NUMBERS = ("subject", "model")
"""The scalar fields of 64 bits."""
MOST_FACTS = 4096
"""Milvus's limit of an array; the 16 KB of metadata have room for fewer keys."""
FORMAT = 2
STATE = 0
"""The number of the row that says what the others are."""
_NO_COLLECTION = "/"
"""No name of a collection."""
_FAR = 10.0
"""No angle."""


@dataclass(frozen=True)
class State:
    """What a Milvus collection holds: a row of the collection itself, so that neither is there without the other."""

    sequence: int
    """The number of the latest change applied."""
    approximate: bool = False
    """Whether the fields of single attributes have approximate indexes."""
    among: int = 0
    """How many faces there were when their recall was measured."""
    efforts: dict[str, int] = field(default_factory=dict)
    """How many candidates HNSW keeps (`ef`), by field."""
    recalls: dict[str, float] = field(default_factory=dict)
    """The measured recall@10, by field."""
    format: int = FORMAT

    def packed(self) -> str:
        """The state as text."""
        return json.dumps(asdict(self))

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """The state that gave this text."""
        return cls(**json.loads(text))


def lifted(embeddings: Vector, attributes: Sequence[Attribute]) -> Vector:
    """The lifted attributes `(n, width)` of embeddings `(n, 99)`."""
    return lift({attribute: part(embeddings, attribute) for attribute in attributes}, attributes)


def rows_of(faces: Sequence[Enrolment]) -> list[dict[str, Any]]:
    """The rows of some faces."""
    if not faces:
        return []
    embeddings = np.stack([face.embedding for face in faces])
    vectors = {attribute.value: lifted(embeddings, [attribute]) for attribute in SINGLE}
    vectors[COMPOSED] = lifted(embeddings, WHOLE)
    poses = part(embeddings, Attribute.POSE).tolist()
    return [
        {
            "number": face.sequence,
            "collection": face.collection,
            "subject": code(face.subject),
            "model": code(face.model),
            "facts": sorted(facts(face.metadata)),
            "note": "",
            QUALITY: quality_number(face.quality),
            **dict(zip(ANGLES, poses[place], strict=True)),
            **{name: values[place] for name, values in vectors.items()},
        }
        for place, face in enumerate(faces)
    ]


def state_row(state: State) -> dict[str, Any]:
    """The row of the state, which no filter passes and no search finds but by chance."""
    return {
        "number": STATE,
        "collection": _NO_COLLECTION,
        **dict.fromkeys(NUMBERS, 0),
        "facts": [],
        "note": state.packed(),
        **dict.fromkeys(ANGLES, _FAR),
        QUALITY: NO_QUALITY,
        **{name: np.zeros(size, np.float32) for name, size in VECTORS.items()},
    }
