"""Approximate search: an inverted file that looks at the lists nearest to a query, with its recall measured."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from gallery.index.faiss_library import Numbers, faiss, selector
from gallery.index.filter_recall import Effort, FilterRecall
from gallery.index.sample_queries import QUERIES, RECALL_AT, TARGET_RECALL
from gallery.index.vector_space import MARGIN
from model.attributes import Vector

LEAST = 1000
"""Fewer vectors make no lists."""
_OVERFETCH = 4
_SPARE = 64
"""So many candidates, times k and beyond, are ranked by their exact scores."""
_POINTS = 64
"""Vectors for each list that its centre is trained on."""
_ROUNDS = 10

Propose = Callable[[Vector, int], Numbers]


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
        self.effort = self.measured(numbers, vectors, [queries(QUERIES)], self._propose)
        """What a search without a filter takes, as measured when the lists were made."""
        self.filters = FilterRecall()
        """What searches with filters take."""

    @property
    def recall(self) -> float:
        """The least share of the 10 best that were among the candidates, without filters and with those measured."""
        return min([self.effort.recall, *self.filters.recalls])

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

    def candidates(self, direction: Vector, k: int, probes: int, allowed: Numbers | None = None) -> Numbers:
        """Numbers `(m,)`, in no order, that probably hold the k best, of so many lists; m may be below k.

        `allowed` are the ascending numbers to search among; None means all.
        """
        faiss.omp_set_num_threads(1)
        among = None if allowed is None else selector(allowed)
        parameters = faiss.SearchParametersIVF(nprobe=probes, sel=among)
        _, found = self._index.search(direction[np.newaxis], _OVERFETCH * k + _SPARE, params=parameters)
        result: Numbers = found[found >= 0]
        return result

    def measured(self, numbers: Numbers, vectors: Vector, kinds: Sequence[Vector], propose: Propose) -> Effort:
        """The least effort by which enough of the best of some vectors are found, for each kind of queries.

        `numbers` ascend, a kind is `(n, width)`, and `propose` gives a query's candidates after so many lists.
        """
        best, lists = min(RECALL_AT, len(numbers)), int(self._index.nlist)
        least = [
            faiss.knn(asked, vectors, best, metric=faiss.METRIC_INNER_PRODUCT)[0][:, -1] - MARGIN for asked in kinds
        ]

        def recall(probes: int) -> float:
            shares = []
            for asked, bounds in zip(kinds, least, strict=True):
                scores = [_scores(numbers, vectors, propose(query, probes), query) for query in asked]
                found = [np.count_nonzero(mine >= bound) for mine, bound in zip(scores, bounds, strict=True)]
                shares.append(float(np.mean(np.minimum(found, best))) / best)
            return min(shares)

        probes = max(1, lists // 64)
        reached = recall(probes)
        while reached < TARGET_RECALL and probes < lists:
            probes = min(2 * probes, lists)
            reached = recall(probes)
        return Effort(probes, reached, len(numbers))

    def _propose(self, query: Vector, probes: int) -> Numbers:
        return self.candidates(query, RECALL_AT, probes)


def _scores(numbers: Numbers, vectors: Vector, chosen: Numbers, query: Vector) -> Vector:
    """The scores of those of the chosen vectors that are there."""
    rows = np.searchsorted(numbers, chosen[np.isin(chosen, numbers)])
    return np.asarray(vectors[rows] @ query)
