"""A scan proposes everything that could be among the best, by number, whoever shares out the work."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.index import scan
from gallery.index import segment as segments
from gallery.index.index import Index
from gallery.index.scan import candidates
from gallery.index.vector_space import directions
from gallery.index.view import View
from gallery.query import Query, Term
from gallery.records import Enrolment
from model.attributes import Attribute, Vector, part

COUNT = 300
MakeEmbedding = Callable[[int], Vector]


@pytest.fixture(scope="module", params=[10, 10_000], ids=["threads", "alone"])
def everyone(request: pytest.FixtureRequest, embedding: MakeEmbedding) -> Iterator[tuple[View, Vector]]:
    """300 faces, of whom every fifth is there twice, in five segments."""
    vectors = np.stack([embedding(seed - (seed % 5 == 1)) for seed in range(COUNT)])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "ROWS", 64)
        patched.setattr(scan, "_ALONE", request.param)
        index = Index()
        index.apply([Enrolment(3 * n + 10, f"{n}", "s", "c", "m", vector) for n, vector in enumerate(vectors)])
        yield index.view, vectors


def test_an_empty_gallery_proposes_nothing(embedding: MakeEmbedding) -> None:
    query = Query((Term(Attribute.POSE, part(embedding(1), Attribute.POSE)),))
    assert candidates((), (), directions(query), 5).tolist() == []


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, COUNT + 5),
    among=st.none() | st.sets(st.integers(0, COUNT - 1)),
    weights=st.lists(st.sampled_from([-2.0, -0.3, 0.0, 1.0]), min_size=4, max_size=4).filter(any),
)
def test_it_proposes_the_best_and_all_that_tie(
    everyone: tuple[View, Vector],
    embedding: MakeEmbedding,
    seed: int,
    k: int,
    among: set[int] | None,
    weights: list[float],
) -> None:
    view, vectors = everyone
    asked = embedding(seed)
    terms = [Term(a, part(asked, a), weight) for a, weight in zip(Attribute, weights, strict=True) if weight]
    query = Query(tuple(terms), k)
    passing = np.zeros(COUNT, np.bool_)
    passing[sorted(range(COUNT) if among is None else among)] = True
    masks = [None if among is None else passing[64 * place : 64 * place + len(p)] for place, p in enumerate(view.parts)]
    found = candidates(view.parts, masks, directions(query), k)
    scores, rows = query.scores(vectors), (found - 10) // 3
    assert len(set(found.tolist())) == len(found) >= min(k, np.count_nonzero(passing))
    assert passing[rows].all()
    if np.count_nonzero(passing) > k:
        least = np.sort(scores[passing])[-k]
        assert set(np.flatnonzero(passing & (scores >= least)).tolist()) <= set(rows.tolist())
        assert (scores[rows] >= least - 1e-3).all()


def test_few_are_proposed(everyone: tuple[View, Vector], embedding: MakeEmbedding) -> None:
    view, _ = everyone
    query = Query((Term(Attribute.IDENTITY, part(embedding(2000), Attribute.IDENTITY)),))
    assert 3 <= len(candidates(view.parts, [None] * len(view.parts), directions(query), 3)) < 12
