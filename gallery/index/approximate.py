"""Approximate search: an inverted file that looks at the lists nearest to a query, with its recall measured."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from gallery.index.flat import MARGIN, Numbers, faiss, selector
from model.attributes import Vector

LEAST = 1000
"""Fewer vectors make no lists."""
RECALL_AT = 10
TARGET_RECALL = 0.95
"""The number of lists that are looked at is doubled until the measured recall is at least this."""
_QUERIES = 100
_OVERFETCH = 4
_SPARE = 64
"""So many candidates, times k and beyond, are ranked by their exact scores."""
_POINTS = 64
"""Vectors for each list that its centre is trained on."""
_ROUNDS = 10


class ApproximateIndex:
    """Vectors in lists around centres, each number of a vector in 8 bits, searched by inner product.

    It proposes candidates, whose scores somebody else computes from the vectors themselves. Any number of threads may
    search at a time, but not while another adds or removes.
    """

    def __init__(self, numbers: Numbers, vectors: Vector, queries: Callable[[int], Vector]) -> None:
        """Train on vectors `(n, width)`, and measure on as many queries as `queries` is asked for."""
        lists = max(1, min(round(4 * math.sqrt(len(numbers))), len(numbers) // 39))
        self._index = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        self._index.cp.max_points_per_centroid, self._index.cp.niter = _POINTS, _ROUNDS
        self._index.train(vectors)
        self._index.add_with_ids(vectors, numbers)
        self.trained_on = len(numbers)
        """How many vectors there were when the lists were made."""
        asked = queries(_QUERIES)
        scores, _ = faiss.knn(asked, vectors, min(RECALL_AT, len(numbers)), metric=faiss.METRIC_INNER_PRODUCT)
        measured = partial(self._measured, numbers, vectors, asked, scores[:, -1] - MARGIN)
        self._probes = max(1, lists // 64)
        self.recall = measured()
        """Share of the 10 best that are among the candidates, as measured when the lists were made."""
        while self.recall < TARGET_RECALL and self._probes < lists:
            self._probes = min(2 * self._probes, lists)
            self.recall = measured()

    @property
    def numbers(self) -> Numbers:
        """The numbers of all vectors, in no order."""
        lists = self._index.invlists
        found = [faiss.rev_swig_ptr(lists.get_ids(place), lists.list_size(place)) for place in range(lists.nlist)
                 if lists.list_size(place)]  # fmt: skip
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def add(self, numbers: Numbers, vectors: Vector) -> None:
        """Add vectors `(n, width)` to the lists that there are."""
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), numbers)

    def remove(self, numbers: Numbers) -> None:
        """Remove the vectors with these numbers, where they are there."""
        self._index.remove_ids(numbers)

    def candidates(self, direction: Vector, k: int, allowed: Numbers | None = None) -> Numbers:
        """Numbers `(m,)`, in no order, that probably hold the k best; m may be below k though there are more."""
        faiss.omp_set_num_threads(1)
        among = None if allowed is None else selector(allowed)
        parameters = faiss.SearchParametersIVF(nprobe=self._probes, sel=among)
        _, found = self._index.search(direction[np.newaxis], _OVERFETCH * k + _SPARE, params=parameters)
        result: Numbers = found[found >= 0]
        return result

    def _measured(self, numbers: Numbers, vectors: Vector, queries: Vector, least: Vector) -> float:
        """The recall of some queries, whose best all score at least `least`."""
        best, shares = min(RECALL_AT, len(numbers)), []
        for query, bound in zip(queries, least, strict=True):
            rows = np.searchsorted(numbers, self.candidates(query, RECALL_AT))
            shares.append(min(best, int(np.count_nonzero(vectors[rows] @ query >= bound))) / best)
        return float(np.mean(shares))
