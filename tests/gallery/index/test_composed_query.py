"""Without an index of its own a composed query finds what it finds with one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.index.composed_query import SummedIndex
from gallery.index.flat import FlatIndex
from gallery.index.vector_space import WHOLE, lift, width
from model.attributes import Attribute, Vector

COUNT = 200
_NUMBERS = np.arange(10, 10 + 3 * COUNT, 3)


@pytest.fixture(scope="module")
def indexes(embedding: Callable[[int], Vector]) -> tuple[FlatIndex, SummedIndex]:
    """The same 200 faces, of which every fifth is there twice, in an index of all and in one of each attribute."""
    vectors = np.stack([embedding(seed - (seed % 5 == 1)) for seed in range(COUNT)])
    whole, single = FlatIndex(width(WHOLE)), {attribute: FlatIndex(width([attribute])) for attribute in Attribute}
    whole.add(_NUMBERS, lift(vectors, WHOLE))
    for attribute, flat in single.items():
        flat.add(_NUMBERS, lift(vectors, [attribute]))
    return whole, SummedIndex(single)


def test_it_holds_the_same_vectors(indexes: tuple[FlatIndex, SummedIndex]) -> None:
    whole, summed = indexes
    some = _NUMBERS[::7]
    assert np.array_equal(whole.get(some), summed.get(some))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, COUNT + 5),
    among=st.none() | st.sets(st.integers(0, COUNT - 1)),
    of=st.sets(st.sampled_from(range(4)), min_size=1),
)
def test_it_proposes_the_best_and_all_that_tie(
    indexes: tuple[FlatIndex, SummedIndex], seed: int, k: int, among: set[int] | None, of: set[int]
) -> None:
    whole, summed = indexes
    numbers = np.random.default_rng(seed).standard_normal((4, width(WHOLE))).astype(np.float32)
    direction = np.zeros(width(WHOLE), np.float32)
    start = 0
    for place, attribute in enumerate(Attribute):
        end = start + width([attribute])
        if place in of:
            direction[start:end] = numbers[place, start:end] / 20
        start = end
    allowed = None if among is None else _NUMBERS[sorted(among)]
    compared = _NUMBERS if allowed is None else allowed
    scores = whole.get(compared).astype(np.float64) @ direction if len(compared) else np.empty(0)
    found = summed.candidates(direction, k, allowed)
    assert len(set(found.tolist())) == len(found) >= min(k, len(compared))
    assert set(found.tolist()) <= set(compared.tolist())
    if len(compared) > k:
        least = np.sort(scores)[-k]
        assert set(compared[scores >= least].tolist()) <= set(found.tolist())
        assert (whole.get(np.sort(found)).astype(np.float64) @ direction >= least - 1e-3).all()
