"""An approximate index misses little, what it misses is measured, and filters still get what there is."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.index.approximate import TARGET_RECALL, ApproximateIndex
from gallery.index.index import IndexConfig
from gallery.index.sample_queries import trials
from gallery.query import Query, Term
from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, normalized, part
from tests.processes import wait_until

FACES = 4000
MakeEmbedding = Callable[[int], Vector]


@cache
def _embeddings(count: int, seed: int) -> Vector:
    """Embeddings of people, ten of each, who differ less from themselves than from one another."""
    rng = np.random.default_rng(seed)
    people = rng.standard_normal((count // 10, EMBEDDING_SIZE)).repeat(10, axis=0)
    return normalized(np.clip(people + 0.4 * rng.standard_normal(people.shape), -3, 3).astype(np.float32))


@pytest.mark.parametrize("attribute", [Attribute.IDENTITY, Attribute.STYLE])
def test_the_recall_is_that_of_other_queries_too(attribute: Attribute) -> None:
    numbers, vectors = np.arange(7, 7 + FACES), np.ascontiguousarray(part(_embeddings(FACES, 1), attribute))
    made = ApproximateIndex(numbers, vectors, trials(vectors))
    assert TARGET_RECALL <= made.recall <= 1.0
    assert made.effort.probes < made._index.nlist
    found, queries = [], trials(vectors[::-1])(300)
    for query in queries:
        best = numbers[np.argsort(-(vectors @ query), kind="stable")[:10]]
        found.append(np.isin(best, made.candidates(query, 10, made.effort.probes)).mean())
    assert abs(float(np.mean(found)) - made.recall) < 0.04
    assert made.recall == ApproximateIndex(numbers, vectors, trials(vectors)).recall


def test_what_is_added_is_found_and_what_is_removed_is_not() -> None:
    vectors = np.ascontiguousarray(part(_embeddings(FACES, 2), Attribute.IDENTITY))
    numbers = np.arange(FACES)
    made = ApproximateIndex(numbers[:3000], vectors[:3000], trials(vectors))
    made.add(numbers[3000:], vectors[3000:])
    made.remove(numbers[::2])
    assert sorted(made.numbers.tolist()) == list(range(1, FACES, 2))
    probes = made.effort.probes
    assert all(number in made.candidates(vectors[number], 1, probes) for number in range(3001, FACES, 98))
    assert not set(made.candidates(vectors[100], 10, probes).tolist()) & set(range(0, FACES, 2))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of 4,000 faces with its snapshot."""
    place = tmp_path_factory.mktemp("gallery")
    gallery = Gallery(f"sqlite:///{place / 'g.db'}", place / "snapshot")
    new = [
        NewFace(f"s{n // 10}", vector, "m1", metadata={"n": n % 500, "half": _embedding_half(n)})
        for n, vector in enumerate(_embeddings(FACES, 3))
    ]
    gallery.enrol_many(new)
    gallery.close()
    return place


@pytest.fixture
def both(place: Path) -> Iterator[tuple[Gallery, Gallery]]:
    """The same faces searched exactly and, once it is ready, approximately."""
    config = IndexConfig(approximate_from=2000, exact_below=20)
    exact, approximate = (Gallery(f"sqlite:///{place / 'g.db'}", place / "snapshot", c) for c in (None, config))
    wait_until(lambda: len(approximate.recall()) == 3)
    yield exact, approximate
    approximate.close()
    exact.close()


def _query(seed: int, k: int = 10, composed: bool = False, **filters: Any) -> Query:
    face = _embeddings(FACES, 3)[seed]
    terms = [Term(Attribute.IDENTITY, part(face, Attribute.IDENTITY))]
    if composed:
        terms.append(Term(Attribute.STYLE, part(face, Attribute.STYLE), -0.5))
    return Query(tuple(terms), k, model="m1", **filters)


def test_most_of_the_best_are_found_with_their_exact_scores(both: tuple[Gallery, Gallery]) -> None:
    exact, approximate = both
    assert exact.recall() == {}
    assert set(approximate.recall()) == {"identity", "expression", "style"}
    assert min(approximate.recall().values()) >= TARGET_RECALL
    for composed in (False, True):
        shares = []
        for seed in range(0, FACES, 80):
            best, found = (
                {match.face.id: match.similarity for match in gallery.search(_query(seed, composed=composed)).matches}
                for gallery in both
            )
            shares.append(len(best.keys() & found.keys()) / 10)
            assert all(found[id] == best[id] for id in best.keys() & found.keys())
        assert np.mean(shares) >= 0.9


@pytest.mark.parametrize("filters", [{"metadata": {"n": 3}}, {"subject": "s7"}, {"group_by": "subject"}, {}])
@pytest.mark.parametrize("k", [5, 300])
def test_k_are_found_where_there_are_k(both: tuple[Gallery, Gallery], filters: dict[str, Any], k: int) -> None:
    exact, approximate = (gallery.search(_query(5, k, **filters)) for gallery in both)
    assert len(exact.matches) == len(approximate.matches) == min(k, exact.searched)
    if exact.searched <= 20:
        assert [match.face.id for match in exact.matches] == [match.face.id for match in approximate.matches]


def _shares(both: tuple[Gallery, Gallery], seeds: range, **filters: Any) -> float:
    """How many of the ten best, found exactly, are found approximately."""
    shares = []
    for seed in seeds:
        best, found = ({match.face.id for match in gallery.search(_query(seed, **filters)).matches} for gallery in both)
        shares.append(len(best & found) / len(best))
    return float(np.mean(shares))


def test_with_a_filter_that_leaves_nothing_near_the_best_are_found_too(both: tuple[Gallery, Gallery]) -> None:
    """Of half of all people, asked for by the faces of the other half."""
    _, approximate = both
    seeds = range(10, FACES, 100)
    assert {_embedding_half(seed) for seed in seeds} == {1}
    before = approximate.recall()
    # Until it was measured, every face is compared.
    assert _shares(both, seeds, metadata={"half": 0}) == 1.0
    assert [query.metadata for _, query in approximate._index.unmeasured()] == [{"half": 0}]
    approximate.measure_filters()
    assert approximate._index.unmeasured() == []
    index = approximate._index._approximate[(Attribute.IDENTITY,)]
    effort = index.filters.effort(_query(10, metadata={"half": 0}), FACES // 2, index.effort)
    assert effort is not None
    assert effort.probes > index.effort.probes
    assert effort.among == FACES // 2
    assert _shares(both, seeds, metadata={"half": 0}) >= TARGET_RECALL - 0.04
    assert approximate.recall()["identity"] == min(before["identity"], effort.recall) >= TARGET_RECALL
    # Too few or too many faces for what was measured.
    for count in (FACES // 4 - 1, FACES + 1):
        assert index.filters.effort(_query(10, metadata={"half": 0}), count, index.effort) is None


def test_the_best_face_of_each_subject_is_that_of_all_faces(both: tuple[Gallery, Gallery]) -> None:
    seeds = range(0, FACES, 200)
    assert _shares(both, seeds, group_by="subject") >= TARGET_RECALL - 0.04


def _embedding_half(seed: int) -> int:
    return seed // 10 % 2


def test_writes_are_seen_at_once(both: tuple[Gallery, Gallery], embedding: MakeEmbedding) -> None:
    _, approximate = both
    face = approximate.enrol(NewFace("new", embedding(5), "m1"))
    query = Query((Term(Attribute.IDENTITY, part(embedding(5), Attribute.IDENTITY)),), 1, model="m1")
    assert approximate.search(query).matches[0].face.id == face.id
    approximate.delete(face.id)
    assert approximate.search(query).matches[0].face.id != face.id


def test_few_faces_are_searched_exactly(tmp_path: Path, embedding: MakeEmbedding) -> None:
    gallery = Gallery(f"sqlite:///{tmp_path / 'g.db'}", None, IndexConfig(approximate_from=1))
    gallery.enrol_many([NewFace("a", embedding(n), "m1") for n in range(50)])
    assert not gallery._approximation_is_due()
    assert gallery.recall() == {}
    gallery.close()
