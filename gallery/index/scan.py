"""Every face compared: which of them could be among the best by their compact vectors."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local

import numpy as np

from gallery.index.compact_vectors import margin, scores
from gallery.index.faiss_library import Numbers
from gallery.index.segment import Mask, Part
from model.attributes import SPACES, Attribute, Vector

_WIDEST = max(space.size for space in SPACES.values())
_SPARSE = 4
"""Where so few rows pass, one of so many, they are picked out before they are compared."""
_ALONE = 50_000
"""So few rows are compared in the caller's thread."""
_CACHED = 32_768
"""Sub-vectors made float32 at a time: 4 MB. Fewer are more steps of Python, more leave the caches."""
_mine = local()


def candidates(parts: Sequence[Part], masks: Sequence[Mask], directions: Mapping[Attribute, Vector], k: int) -> Numbers:
    """Numbers `(m,)`, in no order, among which are the k best of the rows that the masks let pass.

    All that might tie with the k-th are among them too, so m has no bound but the number of rows. `directions` are
    those of a weighted mean of similarities, which bounds what the compact vectors are off by.
    """
    below, work = margin(directions), list(zip(parts, masks, strict=True))
    if sum(map(len, parts)) <= _ALONE:
        found = [_of_some(work, directions, k, below)]
    else:
        share = -(-len(work) // _processors())
        shares = [work[start : start + share] for start in range(0, len(work), share)]
        found = list(_threads().map(lambda some: _of_some(some, directions, k, below), shares))
    numbers, values = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return nearest(numbers, values, k, below)


def nearest(numbers: Numbers, values: Vector, k: int, below: float) -> Numbers:
    """Those of some faces, by their scores, that are among the k best or not further below the k-th."""
    if len(numbers) <= k:
        return numbers
    result: Numbers = numbers[values >= np.partition(values, len(values) - k)[len(values) - k] - below]
    return result


def _of_some(
    work: Sequence[tuple[Part, Mask]], directions: Mapping[Attribute, Vector], k: int, below: float
) -> tuple[Numbers, Vector]:
    """The numbers and scores of what could be among the k best of some parts, and a little more."""
    numbers, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    best, bound = np.empty(0, np.float32), -np.inf
    for part, mask in work:
        rows = None if mask is None else np.flatnonzero(mask)
        if rows is None or len(rows) * _SPARSE > len(part):
            compared = scores(part.vectors, directions, _room(len(part)))
            good = compared >= bound
            chosen = np.flatnonzero(good if mask is None else good & mask)
            compared = compared[chosen]
        else:
            picked = {attribute: part.vectors[attribute][rows] for attribute in directions}
            compared = scores(picked, directions, _room(len(rows)))
            good = compared >= bound
            chosen, compared = rows[good], compared[good]
        numbers.append(part.numbers[chosen])
        values.append(compared)
        best = np.concatenate([best, compared])
        if len(best) > k:
            best = np.partition(best, len(best) - k)[len(best) - k :]
        if len(best) == k:
            bound = float(best.min()) - below
    return np.concatenate(numbers), np.concatenate(values)


def _room(rows: int) -> Vector:
    """Memory of this thread to compare so many rows in."""
    needed = min(rows, _CACHED) * _WIDEST
    room: Vector | None = getattr(_mine, "room", None)
    if room is None or len(room) < needed:
        room = np.empty(needed, np.float32)
        if getattr(_mine, "kept", False):
            _mine.room = room
    return room


@cache
def _threads() -> ThreadPoolExecutor:
    """The threads that compare many faces: one for each processor, whoever asks, each with memory of its own."""
    return ThreadPoolExecutor(_processors(), "scan", initializer=lambda: setattr(_mine, "kept", True))


def _processors() -> int:
    return len(os.sched_getaffinity(0))
