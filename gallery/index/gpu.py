"""A copy of one flat index on the GPU, which answers what is asked of all faces."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

from gallery.index.flat import MARGIN, SPARE, FlatIndex, Numbers, faiss
from gallery.index.growing_array import Column
from model.attributes import Vector
from model.errors import InvalidRequest

ToGpu = Callable[[Any], Any]
"""Moves an empty FAISS index to the GPU."""

_MOST = 2048
"""FAISS finds no more on the GPU at a time."""


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
    """The vectors of a flat index once more. Any number of threads may search at a time, as of that one."""

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

    def copy(self, flat: FlatIndex) -> None:
        """Hold what a flat index holds, after something was removed from that: FAISS removes nothing on the GPU."""
        with self._lock:
            self._index.reset()
        self._numbers = Column(np.dtype(np.int64))
        self.add(flat.numbers, flat.vectors)

    def candidates(self, direction: Vector, k: int) -> Numbers | None:
        """As `FlatIndex.candidates` among all; None where that must answer, as more may tie with the k-th."""
        available = len(self._numbers.values)
        count = min(k + SPARE, available)
        if not 0 < count <= _MOST:
            return None
        with self._lock:
            [scores], [rows] = self._index.search(direction[np.newaxis], count)
        if count < available and scores[-1] >= scores[k - 1] - MARGIN:
            return None
        found: Numbers = self._numbers.values[rows]
        return found
