"""A question to the gallery, and what answers it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.limits import (
    check_collection,
    check_metadata,
    check_min_quality,
    check_subject,
    checked_embedding,
    checked_part,
)
from gallery.records import EnrolledFace
from model.attributes import Attribute, Vector, distance, part, similarity
from model.errors import InvalidRequest

MAX_WEIGHT = 1000.0


@dataclass(frozen=True, eq=False)
class Term:
    """One thing that faces shall be like, or unlike where the weight is negative.

    Raises InvalidEmbedding for a vector that is no sub-vector of the attribute, InvalidRequest for a bad weight.
    """

    attribute: Attribute
    vector: Vector
    """`(size,)` of the attribute."""
    weight: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", checked_part(self.attribute, self.vector))
        if not 0 < abs(self.weight) <= MAX_WEIGHT:
            raise InvalidRequest(f"a weight must be a number from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}, and not 0")


@dataclass(frozen=True, eq=False)
class Query:
    """The `k` faces that score best, of those that pass the filters.

    The score is sum(weight * similarity) / sum(|weight|) over the terms, so one term of positive weight scores exactly
    its similarity. Raises InvalidRequest or InvalidEmbedding for fields that make no sense.
    """

    terms: tuple[Term, ...]
    k: int = 10
    collection: str | None = None
    subject: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Top-level keys that a match's metadata must have with an equal value."""
    min_similarity: float | None = None
    """The least score of a match."""
    max_degrees: float | None = None
    """The largest distance of a match's pose from that of the query: of its pose term, or else of its reference."""
    group_by: Literal["subject"] | None = None
    """`subject` keeps the best face of each subject alone."""
    exclude: str | None = None
    """The id of a face to leave out."""
    model: str | None = None
    """The id of the model that made the vectors: other models' faces are never compared. May be None while the faces
    that pass the other filters are all of one model."""
    reference: Vector | None = None
    """`(99,)`: the face that the query is about, where it is one; matches then tell their similarity to all of it."""
    min_quality: float | None = None
    """The least quality of a match. A face that has none, as it was enrolled without a picture, is then no match."""

    def __post_init__(self) -> None:
        if not self.terms:
            raise InvalidRequest("a search needs at least one attribute")
        if self.k < 1:
            raise InvalidRequest(f"k must be at least 1, not {self.k}")
        if self.collection is not None:
            check_collection(self.collection)
        if self.subject is not None:
            check_subject(self.subject)
        if self.min_similarity is not None and not math.isfinite(self.min_similarity):
            raise InvalidRequest("min_similarity must be a finite number")
        if self.min_quality is not None:
            check_min_quality(self.min_quality)
        if self.reference is not None:
            object.__setattr__(self, "reference", checked_embedding(self.reference))
        check_metadata(dict(self.metadata))
        if self.max_degrees is not None:
            if not 0.0 <= self.max_degrees < math.inf:
                raise InvalidRequest("max_degrees must be a finite number, at least 0")
            if self.pose is None:
                raise InvalidRequest("max_degrees needs a pose to start from, and one alone: a term or a reference")

    @cached_property
    def pose(self) -> Vector | None:
        """`(3,)`, radians: the pose that `max_degrees` starts from, where the query has one alone."""
        named = [term.vector for term in self.terms if term.attribute is Attribute.POSE]
        if not named and self.reference is not None:
            return part(self.reference, Attribute.POSE)
        return named[0] if len(named) == 1 else None

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the score depends on, in their order."""
        named = {term.attribute for term in self.terms}
        return tuple(attribute for attribute in Attribute if attribute in named)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Each term's share in the score; their magnitudes sum to 1."""
        total = math.fsum(abs(term.weight) for term in self.terms)
        return tuple(term.weight / total for term in self.terms)

    def near_in_pose(self, poses: Vector) -> NDArray[np.bool_]:
        """Which of some poses `(n, 3)` are as near as `max_degrees` asks; all, where it does not."""
        if self.max_degrees is None or self.pose is None:
            return np.ones(len(poses), np.bool_)
        apart = distance(Attribute.POSE, poses, self.pose)
        return np.asarray(apart.astype(float) <= math.radians(self.max_degrees))

    def is_good(self, quality: float | None) -> bool:
        """Whether a face of this quality is as good as `min_quality` asks."""
        return self.min_quality is None or quality_number(quality) >= quality_number(self.min_quality)

    def scores(self, embeddings: Vector) -> NDArray[np.float64]:
        """The scores `(n,)` of embeddings `(n, 99)`."""
        return self._mixed(self._similarities(embeddings))

    def ranked(self, faces: Sequence[EnrolledFace]) -> list[EnrolledFace]:
        """Those of some faces that score at least `min_similarity`, best first, equal scores by id."""
        if not faces:
            return []
        scores = self.scores(np.array([face.embedding for face in faces])).tolist()
        least = -math.inf if self.min_similarity is None else self.min_similarity
        good = [(-score, face.id, place) for place, (face, score) in enumerate(zip(faces, scores, strict=True))
                if score >= least]  # fmt: skip
        return [faces[place] for _, _, place in sorted(good)]

    def matches(self, faces: Sequence[EnrolledFace]) -> list["Match"]:
        """How each of these faces answers the query."""
        if not faces:
            return []
        embeddings = np.array([face.embedding for face in faces])
        similarities = self._similarities(embeddings)
        scores = self._mixed(similarities)
        distances = 1.0 - scores
        if len(self.terms) == 1:
            term = self.terms[0]
            distances = distance(term.attribute, part(embeddings, term.attribute), term.vector).astype(float)
        by_attribute = self._by_attribute(embeddings, similarities)
        told = zip(*(values.tolist() for values in by_attribute.values()), strict=True)
        return [
            Match(face, score, apart, dict(zip(by_attribute, values, strict=True)))
            for face, score, apart, values in zip(faces, scores.tolist(), distances.tolist(), told, strict=True)
        ]

    def _similarities(self, embeddings: Vector) -> list[Vector]:
        """The similarities `(n,)` of embeddings `(n, 99)` to each term."""
        return [similarity(term.attribute, part(embeddings, term.attribute), term.vector) for term in self.terms]

    def _mixed(self, similarities: Sequence[Vector]) -> NDArray[np.float64]:
        """The scores that the similarities to the terms make."""
        total = np.zeros(similarities[0].shape)
        for weight, values in zip(self.weights, similarities, strict=True):
            total += weight * values.astype(float)
        return total

    def _by_attribute(self, embeddings: Vector, similarities: Sequence[Vector]) -> dict[Attribute, Vector]:
        """The similarities in each attribute, made of those to the terms or, where none names it, to the reference."""
        result = {}
        for attribute in Attribute:
            named = [place for place, term in enumerate(self.terms) if term.attribute is attribute]
            if len(named) == 1:
                result[attribute] = similarities[named[0]]
            elif named:
                weights = [abs(self.terms[place].weight) for place in named]
                result[attribute] = np.average([similarities[place] for place in named], axis=0, weights=weights)
            elif self.reference is not None:
                result[attribute] = similarity(attribute, part(embeddings, attribute), part(self.reference, attribute))
        return result


NO_QUALITY = -1.0
"""What stands for the quality of a face that has none: less than any."""


def quality_number(quality: float | None) -> float:
    """A quality as every index compares it: as float32 holds it."""
    return float(np.float32(NO_QUALITY if quality is None else quality))


@dataclass(frozen=True)
class Match:
    """A face that answers a query."""

    face: EnrolledFace
    similarity: float
    """The query's score."""
    distance: float
    """Of one term: the distance of its attribute, radians for pose. Of several: 1 - similarity."""
    similarities: dict[Attribute, float]
    """The similarity in each attribute that the query or its reference names. Where the query names several vectors
    of an attribute: the mean of the similarities to them, by the magnitude of their weights."""


@dataclass(frozen=True)
class Results:
    """The answer to a query."""

    matches: list[Match]
    """Best first; equal scores by face id."""
    searched: int
    """How many faces passed the filters."""
