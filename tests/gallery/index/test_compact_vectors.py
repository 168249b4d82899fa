"""Compact vectors are off by no more than they say, and that is little."""

from collections.abc import Callable

import numpy as np
import pytest

from gallery.index.compact_vectors import compacted, margin, restored, scores
from gallery.index.vector_space import directions
from gallery.query import Query, Term
from model.attributes import SPACES, Attribute, Vector, part

MakeEmbedding = Callable[[int], Vector]


def test_a_number_is_off_by_half_a_step(embedding: MakeEmbedding) -> None:
    vectors = np.stack([embedding(seed) for seed in range(50)])
    for attribute, space in SPACES.items():
        values = compacted(vectors, attribute)
        assert values.shape == (50, space.size)
        assert values.itemsize == (2 if space.unit else 4)
        off = np.abs(restored(values) - part(vectors, attribute)).max()
        assert off == 0 if not space.unit else 0.4 / 32_000 < off < 0.51 / 32_000


def test_the_longest_that_may_be_enrolled_fits() -> None:
    vector = np.zeros((1, 99), np.float32)
    part(vector, Attribute.STYLE)[0, 7] = -1.001
    assert restored(compacted(vector, Attribute.STYLE))[0, 7] == pytest.approx(-1.001, abs=1e-4)


@pytest.mark.parametrize("weights", [(1.0,), (-0.7,), (1.0, 1.0, -0.3, 2.0)])
def test_scores_are_off_by_less_than_half_the_margin(embedding: MakeEmbedding, weights: tuple[float, ...]) -> None:
    """Also where every number is rounded the wrong way: then by more than nine tenths of what the rounding allows."""
    some = np.stack([embedding(seed) for seed in range(400)])
    for shift in range(2):
        asked = embedding(1000 + shift)
        pairs = zip((Attribute.IDENTITY, Attribute.POSE, Attribute.EXPRESSION, Attribute.STYLE), weights, strict=False)
        terms = tuple(Term(attribute, part(asked, attribute), weight) for attribute, weight in pairs)
        wanted = directions(Query(terms))
        wrong = some.copy()
        for attribute, direction in wanted.items():
            if SPACES[attribute].unit:
                steps = np.floor(part(some, attribute) * 32_000)
                part(wrong, attribute)[...] = (steps + np.where(direction > 0, 0.499, 0.501)) / 32_000
        for vectors in (some, wrong):
            compact = {attribute: compacted(vectors, attribute) for attribute in Attribute}
            found = scores(compact, wanted, np.empty(150 * 32, np.float32))
            true = sum(
                part(vectors, attribute).astype(np.float64) @ direction[: SPACES[attribute].size]
                + (0 if SPACES[attribute].unit else direction[-1] * (part(vectors, attribute) ** 2).sum(axis=1))
                for attribute, direction in wanted.items()
            )
            off = np.abs(found - true).max()
            assert off < margin(wanted) / 2
        assert off > 0.9 * (margin(wanted) - 1e-4) / 2 - 2e-5
    assert margin(wanted) < 4e-4
