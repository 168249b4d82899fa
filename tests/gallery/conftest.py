"""What the gallery's tests share: random embeddings, faces to enrol, and a comparison of every face as the law."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gallery.base_gallery import BaseGallery
from gallery.gallery import Gallery
from gallery.milvus.gallery import MilvusConfig, MilvusGallery
from gallery.query import Query
from gallery.records import EnrolledFace, NewFace
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, distance, normalized, part, similarity
from tests.gallery import postgres

MakeEmbedding = Callable[[int], Vector]
MakeFace = Callable[..., NewFace]
OpenGallery = Callable[[str], BaseGallery]
Compare = Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]]


def _embedding(seed: int) -> Vector:
    numbers = np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE)
    return normalized(np.clip(numbers, -np.pi, np.pi).astype(np.float32))


def _face(seed: int = 0, subject: str = "ada", **fields: object) -> NewFace:
    return NewFace(**{"subject": subject, "embedding": _embedding(seed), "model": "m1", **fields})  # type: ignore[arg-type]


def _as_json(value: object) -> object:
    """Something that compares as JSON does: `True` is not `1`."""
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return (isinstance(value, bool), value)


def _passes(face: EnrolledFace, query: Query) -> bool:
    filters = ((query.collection, face.collection), (query.subject, face.subject), (query.model, face.model))
    if any(wanted not in (None, is_) for wanted, is_ in filters) or face.id == query.exclude:
        return False
    if query.min_quality is not None and (
        face.quality is None or np.float32(face.quality) < np.float32(query.min_quality)
    ):
        return False
    for key, value in query.metadata.items():
        if key not in face.metadata or _as_json(face.metadata[key]) != _as_json(value):
            return False
    if query.max_degrees is None:
        return True
    start = next((term.vector for term in query.terms if term.attribute is Attribute.POSE), None)
    if start is None:
        assert query.reference is not None
        start = part(query.reference, Attribute.POSE)
    apart = distance(Attribute.POSE, part(face.embedding, Attribute.POSE), start)
    return bool(float(apart) <= np.radians(query.max_degrees))


def _brute_force(faces: Iterable[EnrolledFace], query: Query) -> list[tuple[str, float]]:
    total = sum(abs(term.weight) for term in query.terms)
    passing = [face for face in faces if _passes(face, query)]
    subjects = {face.id: face.subject for face in passing}
    embeddings = np.array([face.embedding for face in passing], np.float32).reshape(-1, EMBEDDING_SIZE)
    scores = sum(
        term.weight / total * similarity(term.attribute, part(embeddings, term.attribute), term.vector).astype(float)
        for term in query.terms
    )
    least = -np.inf if query.min_similarity is None else query.min_similarity
    scored = [(id, score) for id, score in zip(subjects, np.asarray(scores).tolist(), strict=True) if score >= least]
    scored.sort(key=lambda pair: (-pair[1], pair[0]))
    if query.group_by == "subject":
        best = {subjects[id]: (id, score) for id, score in reversed(scored)}
        scored = [pair for pair in scored if pair in best.values()]
    return scored[: query.k]


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes an empty database of the one or the other kind; gives its URL."""
    if request.param == "postgresql":
        folder = request.getfixturevalue("postgres_server")
        return lambda: postgres.database(folder)
    numbers = itertools.count()
    return lambda: f"sqlite:///{tmp_path / f'gallery{next(numbers)}.db'}"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gallery.db'}"


@pytest.fixture
def gallery(url: str) -> Iterator[Gallery]:
    opened = Gallery(url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def milvus_lite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where Milvus Lite keeps the collections of all stores of these tests, in this process alone."""
    return str(tmp_path_factory.mktemp("milvus") / "milvus.db")


@pytest.fixture
def open_milvus(milvus_lite: str) -> Callable[[str], MilvusGallery]:
    """Opens a gallery that Milvus Lite searches, in the database at a URL."""
    return lambda url: MilvusGallery(url, MilvusConfig(milvus_lite))


@pytest.fixture(params=["local", "milvus"])
def open_gallery(request: pytest.FixtureRequest) -> OpenGallery:
    """Opens a gallery of each kind of search in the database at a URL; search workers have their own tests."""
    return Gallery if request.param == "local" else request.getfixturevalue("open_milvus")
