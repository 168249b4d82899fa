"""Sub-vectors in few bytes: those of unit length as whole numbers of 16 bits, poses as they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.index.faiss_library import faiss
from gallery.index.vector_space import MARGIN
from model.attributes import SPACES, Attribute, Vector, part

SCALE = 32_000.0
"""What 1 becomes; a unit sub-vector may be a little longer than 1 and still fits."""
_ROUNDING = 0.51 / SCALE
"""The most by which a number is off, with what float32 adds."""

Compact = NDArray[Any]
"""`(n, size)` of one attribute: int16 where it is of unit length, else float32."""


def compacted(embeddings: Vector, attribute: Attribute) -> Compact:
    """One attribute of embeddings `(n, 99)`."""
    values = part(embeddings, attribute)
    if not SPACES[attribute].unit:
        return values.astype(np.float32)
    return np.asarray(np.rint(values * np.float32(SCALE)), np.int16)


def restored(values: Compact) -> Vector:
    """The numbers as float32, `(n, size)`, nearly those that were given."""
    result: Vector = values.astype(np.float32)
    return result / np.float32(SCALE) if values.dtype == np.int16 else result


def margin(directions: Mapping[Attribute, Vector]) -> float:
    """By how much the score of a face may lie below that of another and it still be as good.

    The score of compact vectors is off by at most the rounding of each number times its weight; two scores are
    compared, so that counts twice.
    """
    weights = sum(float(np.abs(wanted).sum()) for attribute, wanted in directions.items() if SPACES[attribute].unit)
    return 2 * _ROUNDING * weights + MARGIN


def scores(values: Mapping[Attribute, Compact], directions: Mapping[Attribute, Vector], room: Vector) -> Vector:
    """The inner products `(n,)` of lifted faces with a direction, given by attribute, to within half the margin.

    `room` `(m,)` is memory that is written to: for at least one sub-vector, and best for as many as fit a cache.
    """
    total = None
    for attribute, wanted in directions.items():
        mine = _products(values[attribute], wanted, room)
        total = mine if total is None else np.add(total, mine, out=total)
    assert total is not None
    return total


def _products(values: Compact, wanted: Vector, room: Vector) -> Vector:
    rows, size = values.shape
    if values.dtype != np.int16:
        squares = np.einsum("ij,ij->i", values, values)
        return np.asarray(values @ wanted[:size] + wanted[size] * squares, np.float32)
    query, result = np.ascontiguousarray(wanted / np.float32(SCALE), np.float32), np.empty(rows, np.float32)
    some = max(1, len(room) // size)
    for start in range(0, rows, some):
        count = min(some, rows - start)
        np.copyto(room[: count * size].reshape(count, size), values[start : start + count])
        # Not NumPy's product: the threads of its library would wait for one another where searches run side by side.
        pointers = [faiss.swig_ptr(array) for array in (result[start:], query, room)]
        faiss.fvec_inner_products_ny(*pointers, size, count)
    return result
