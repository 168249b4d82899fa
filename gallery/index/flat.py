"""One exact FAISS index over numbered vectors."""

from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector

# Its type stubs know the C++ interface alone, not the NumPy one over it.
faiss: Any = _faiss

Numbers = NDArray[np.int64]

SPARE = 16
"""Vectors asked for beyond the k-th, which mostly settle without a second pass that nothing else is as good."""
MARGIN = 1e-4
"""More than FAISS's scores, summed in float32 and in another order, can be off, twice."""


class FlatIndex:
    """Vectors under numbers that only ever grow, searched by inner product.

    Any number of threads may search at a time, but not while another adds or removes.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._vectors = faiss.IndexFlatIP(width)
        self._index = faiss.IndexIDMap(self._vectors)
        self.numbers: Numbers
        """All numbers, ascending, as a view that is good until the next change."""
        self.vectors: Vector
        """All vectors `(n, width)` in the order of their numbers, as a view that is good until the next change."""
        self._look()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, numbers: Numbers, vectors: Vector) -> None:
        """Add vectors `(n, width)` under numbers `(n,)` that ascend and are larger than all before."""
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), numbers)
        self._look()

    def remove(self, numbers: Numbers) -> None:
        """Remove the vectors with these numbers, where they are there."""
        self._index.remove_ids(numbers)
        self._look()

    def _look(self) -> None:
        """Have views of FAISS's memory: it keeps both arrays in the order of addition, which is that of the numbers."""
        self.numbers = faiss.rev_swig_ptr(self._index.id_map.data(), len(self))
        vectors = faiss.rev_swig_ptr(self._vectors.get_xb(), len(self) * self._width)
        self.vectors = vectors.reshape(-1, self._width)

    def get(self, numbers: Numbers) -> Vector:
        """The vectors `(n, width)` with these numbers, which must be there."""
        found: Vector = self.vectors[np.searchsorted(self.numbers, numbers)]
        return found

    def scores(self, direction: Vector, numbers: Numbers | None = None) -> Vector:
        """The inner products `(n,)` of the vectors with these numbers, or of all, with `direction`."""
        compared = self.vectors if numbers is None else self.get(numbers)
        return np.asarray(compared @ direction, np.float32)

    def candidates(self, direction: Vector, k: int, allowed: Numbers | None = None) -> Numbers:
        """Numbers `(m,)`, in no order, among which are the k vectors with the largest inner product with `direction`.

        All vectors that might tie with the k-th are among them too, so m has no bound but the number of vectors.
        `allowed` are the ascending numbers to search among; None means all. `direction` is a weighted mean of lifted
        sub-vectors, which bounds the error of the inner products.
        """
        available = len(self) if allowed is None else len(allowed)
        count = min(k + SPARE, available)
        if count == 0:
            return np.empty(0, np.int64)
        # FAISS's threads share out questions. Here is one, which would wait for them in vain where the processors are
        # busy; searches run side by side in the callers' threads, and the setting holds for the calling thread.
        faiss.omp_set_num_threads(1)
        parameters = None if allowed is None else faiss.SearchParameters(sel=selector(allowed))
        question = direction[np.newaxis]
        found_scores, found = self._index.search(question, count, params=parameters)
        # FAISS fills up with -1 where it finds less than it was asked for.
        scores, numbers = found_scores[found >= 0], found[found >= 0]
        if count < available:
            bound = float(scores[k - 1]) - MARGIN
            if scores[-1] >= bound:
                _, _, numbers = self._index.range_search(question, bound, params=parameters)
        result: Numbers = numbers
        return result


def selector(allowed: Numbers) -> Any:
    """What has FAISS search only among these ascending numbers."""
    bits = np.zeros(int(allowed[-1]) + 1, np.bool_)
    bits[allowed] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
