"""FAISS on the device beside FAISS on the processors, as the gallery uses both."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from threading import Lock
from typing import Any

import numpy as np

from benchmarks.gpu.task import Rows, Skipped, Task
from benchmarks.tools.roofline import milliseconds
from gallery.index.faiss_library import faiss
from gallery.index.gpu import GpuIndex, ToGpu, to_gpu
from model.attributes import SPACES, Attribute, Vector
from model.errors import InvalidRequest

FACES = (1_000_000, 10_000_000)
PIECE = 100_000
K = 10
_MARGIN = 1e-4
"""Below the k-th best score, where what float32 adds up may hide a better one."""


def searches(task: Task) -> Rows:
    """Milliseconds of a search by identity for each number of faces, one at a time."""
    move = _move(task)
    for faces in (1000,) if task.tiny else FACES:
        if task.left < 0:
            return
        there = GpuIndex(SPACES[Attribute.IDENTITY].size, move, Lock())
        here = faiss.IndexFlatIP(SPACES[Attribute.IDENTITY].size)
        for first in range(0, faces, PIECE):
            numbers = np.arange(first, min(first + PIECE, faces))
            vectors = _directions(len(numbers), first)
            there.add(numbers, vectors)
            here.add(vectors)
        queries = _directions(5 if task.tiny else 50, 2**31)
        kinds = (("device", partial(_proposed, there)), ("processors", partial(_found, here)))
        for name, search in kinds:
            search(queries[0], K)
            median, late = milliseconds(partial(_next, search, cycle(queries)), len(queries))
            yield {"faces": faces, "where": name, "median ms": median, "99 % ms": late}


def _proposed(index: GpuIndex, query: Vector, k: int) -> Any:
    return index.candidates(query, k, _MARGIN)


def _found(index: Any, query: Vector, k: int) -> Any:
    return index.search(query[np.newaxis], k)


def _next(search: Callable[[Vector, int], Any], queries: Iterator[Vector]) -> None:
    search(next(queries), K)


def _move(task: Task) -> ToGpu:
    """What moves an index to the device; for a rehearsal on a CPU, FAISS's own stays where it is."""
    if task.device == "cpu":
        return lambda index: index
    try:
        return to_gpu(int(task.device.partition(":")[2] or 0))
    except InvalidRequest as error:
        raise Skipped(f"{error.message} FAISS here is {faiss.__version__}.") from error


def _directions(count: int, seed: int) -> Vector:
    rows = np.random.default_rng(seed).standard_normal((count, SPACES[Attribute.IDENTITY].size), np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
