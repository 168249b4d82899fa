"""An index proposes everything that could be among the best, by number."""

import numpy as np

from gallery.index.flat import FlatIndex
from model.attributes import Vector


def _index(vectors: Vector, first: int = 1) -> FlatIndex:
    index = FlatIndex(vectors.shape[1])
    index.add(np.arange(first, first + len(vectors)), vectors)
    return index


def _line(*numbers: float) -> Vector:
    return np.array(numbers, np.float32).reshape(-1, 1)


_UP = np.ones(1, np.float32)


def test_an_empty_index_proposes_nothing() -> None:
    index = FlatIndex(3)
    assert index.candidates(np.ones(3, np.float32), 5).tolist() == []
    assert index.get(np.empty(0, np.int64)).shape == (0, 3)


def test_the_best_are_proposed_and_no_padding() -> None:
    index = _index(_line(*np.linspace(0, 1, 100)), first=1000)
    proposed = index.candidates(_UP, 3)
    assert {1097, 1098, 1099} <= set(proposed.tolist())
    assert len(proposed) < 50
    assert sorted(index.candidates(_UP, 500)) == list(range(1000, 1100))


def test_every_tie_is_proposed() -> None:
    index = _index(_line(*[0.5] * 300, *[0.1] * 300, 0.9))
    proposed = index.candidates(_UP, 2)
    assert sorted(proposed) == [*range(1, 301), 601]


def test_what_is_not_allowed_is_not_proposed() -> None:
    index = _index(_line(*np.linspace(0, 1, 100)))
    allowed = np.array([3, 40, 41, 77])
    assert sorted(index.candidates(_UP, 2, allowed)) == [3, 40, 41, 77]
    assert index.candidates(_UP, 2, allowed[:0]).tolist() == []
    tied = _index(_line(*[0.5] * 100))
    assert sorted(tied.candidates(_UP, 1, np.arange(2, 90, 2))) == list(range(2, 90, 2))


def test_numbers_stay_with_their_vectors_when_others_go() -> None:
    index = _index(_line(*range(10)))
    index.remove(np.array([1, 5, 6, 99]))
    index.add(np.array([50]), _line(7.5))
    assert len(index) == 8
    assert index.get(np.array([50, 2, 10])).tolist() == [[7.5], [1.0], [9.0]]
