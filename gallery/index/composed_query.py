"""Composed queries without an index of their own: the scores of each attribute, summed."""

from collections.abc import Mapping

import numpy as np

from gallery.index.flat import MARGIN, FlatIndex, Numbers
from gallery.index.vector_space import cut
from model.attributes import Attribute, Vector


class SummedIndex:
    """The vectors of the indexes of all attributes, side by side, searched by inner product.

    It takes no memory, and reads all that it compares for each query anew.
    """

    def __init__(self, single: Mapping[Attribute, FlatIndex]) -> None:
        self._single = single

    def get(self, numbers: Numbers) -> Vector:
        """The vectors `(n, width)` with these numbers, which must be there."""
        return np.concatenate([self._single[attribute].get(numbers) for attribute in Attribute], axis=1)

    def candidates(self, direction: Vector, k: int, allowed: Numbers | None = None) -> Numbers:
        """As `FlatIndex.candidates`: numbers among which are the k best, and all that might tie with the k-th."""
        parts = {attribute: part for attribute, part in cut(direction).items() if part.any()}
        scores = sum(self._single[attribute].scores(part, allowed) for attribute, part in parts.items())
        numbers = self._single[Attribute.POSE].numbers if allowed is None else allowed
        if not isinstance(scores, np.ndarray) or len(numbers) <= k:
            return numbers.copy()
        bound = np.partition(scores, len(scores) - k)[len(scores) - k] - MARGIN
        found: Numbers = numbers[scores >= bound]
        return found
