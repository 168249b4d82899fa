"""What the gallery's tests share: random embeddings, faces to enrol, and a comparison of every face as the law."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.query import Query
from gallery.records import EnrolledFace, NewFace
from model.attributes import EMBEDDING_SIZE, Vector, normalized, part, similarity

MakeEmbedding = Callable[[int], Vector]
MakeFace = Callable[..., NewFace]
Compare = Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]]


def _embedding(seed: int) -> Vector:
    numbers = np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE)
    return normalized(np.clip(numbers, -np.pi, np.pi).astype(np.float32))


def _face(seed: int = 0, subject: str = "ada", **fields: object) -> NewFace:
    return NewFace(**{"subject": subject, "embedding": _embedding(seed), "model": "m1", **fields})  # type: ignore[arg-type]


def _brute_force(faces: Iterable[EnrolledFace], query: Query) -> list[tuple[str, float]]:
    total = sum(abs(term.weight) for term in query.terms)
    scored = []
    for face in faces:
        filters = ((query.collection, face.collection), (query.subject, face.subject), (query.model, face.model))
        if any(wanted not in (None, is_) for wanted, is_ in filters) or face.id == query.exclude:
            continue
        score = sum(
            term.weight / total * float(similarity(term.attribute, part(face.embedding, term.attribute), term.vector))
            for term in query.terms
        )
        if query.min_similarity is None or score >= query.min_similarity:
            scored.append((face.id, score))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[: query.k]


@pytest.fixture(scope="session")
def embedding() -> MakeEmbedding:
    """A valid embedding for a seed."""
    return _embedding


@pytest.fixture(scope="session")
def new() -> MakeFace:
    """A face to enrol for a seed."""
    return _face


@pytest.fixture(scope="session")
def brute_force() -> Compare:
    """Ids and scores of the best faces, by comparing each."""
    return _brute_force


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gallery.db'}"


@pytest.fixture
def gallery(url: str) -> Iterator[Gallery]:
    opened = Gallery(url)
    yield opened
    opened.close()
