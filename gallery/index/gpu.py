"""The vectors of an attribute, or of all, on the GPU, which answers what is asked of all faces."""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import numpy as np

from gallery.index.faiss_library import Numbers, faiss
from gallery.index.growing_array import Column
from model.attributes import Vector
from model.errors import InvalidRequest

ToGpu = Callable[[Any], Any]
"""Moves an empty FAISS index to the GPU."""

_MOST = 2048
"""FAISS finds no more on the GPU at a time."""
SPARE = 16
"""Vectors asked for beyond the k-th, among which mostly are all that might tie with it."""


def to_gpu(number: int = 0) -> ToGpu:
    """What moves an index to a GPU, by its number. Raises InvalidRequest where this FAISS has none of that to use."""
    if not hasattr(faiss, "StandardGpuResources") or not faiss.get_num_gpus():
        raise InvalidRequest(
            "Searching on the GPU needs an NVIDIA GPU and its FAISS: uninstall faiss-cpu, then install facet[gpu]."
        )
    if number >= faiss.get_num_gpus():
        raise InvalidRequest(f"There is no GPU {number}: FAISS sees {faiss.get_num_gpus()} here, numbered from 0.")
    resources = faiss.StandardGpuResources()
    return lambda index: faiss.index_cpu_to_gpu(resources, number, index)


class GpuIndex:
    """Vectors under numbers that only ever grow. Any number of threads may search it, also while one changes it."""

    def __init__(self, width: int, move: ToGpu, lock: Lock) -> None:
        """`lock` is that of all indexes that `move` moves: they share buffers, which FAISS lets one thread use."""
        self._lock = lock
        with lock:
            self._index = move(faiss.IndexFlatIP(width))
        self._numbers = Column(np.dtype(np.int64))

    def add(self, numbers: Numbers, vectors: Vector) -> None:
        """Add vectors `(n, width)` under numbers `(n,)` that ascend and are larger than all before."""
        with self._lock:
            self._index.add(np.ascontiguousarray(vectors, np.float32))
            self._numbers.extend(numbers)

    def copy(self, some: Iterable[tuple[Numbers, Vector]]) -> None:
        """Hold these instead, after something was removed: FAISS removes nothing on the GPU."""
        with self._lock:
            self._index.reset()
            self._numbers = Column(np.dtype(np.int64))
        for numbers, vectors in some:
            self.add(numbers, vectors)

    def candidates(self, direction: Vector, k: int, below: float) -> Numbers | None:
        """Numbers `(m,)`, in no order, among which are the k vectors with the largest inner product with `direction`.

        All that are no more than `below` below the k-th are among them; None where there may be more of them.
        """
        with self._lock:
            available = len(self._numbers.values)
            count = min(k + SPARE, available)
            if not 0 < count <= _MOST:
                return None
            [scores], [rows] = self._index.search(direction[np.newaxis], count)
            found: Numbers = self._numbers.values[rows]
        if count < available and scores[-1] >= scores[k - 1] - below:
            return None
        return found
