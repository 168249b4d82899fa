"""A stretch of the index: faces in memory that is taken once and never moves, whoever searches it meanwhile."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.index.face_columns import QUALITY, Columns, FaceColumns, shapes
from gallery.index.faiss_library import Numbers
from gallery.index.growing_array import Column
from gallery.index.metadata_filter import code, facts
from gallery.query import Query
from model.attributes import Attribute

ROWS = 131_072
"""Faces of a segment: 33 MB."""
_FILTERS = ("collection", "subject", "model")

Mask = NDArray[np.bool_] | None
"""Which rows `(n,)`; None for all."""


@dataclass(frozen=True, eq=False)
class Part(Columns):
    """The faces that a segment held at some moment; those that are erased later are zeros, and keep their numbers.

    Its rows have a column `alive` too.
    """

    holders: NDArray[np.int32]
    """Whose the facts are `(m,)`, by row, ascending."""
    erased: int
    """How many of the rows are of nobody any more."""

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def alive(self) -> Mask:
        """Which rows are of faces that are there."""
        return self.rows["alive"] if self.erased else None

    def select(self, query: Query, only_model: str | None) -> Mask:
        """The rows that pass a query's filters; `only_model` is that of all faces, where they are of one."""
        mask = self.alive
        for name in _FILTERS:
            wanted = getattr(query, name)
            if wanted is not None and not (name == "model" and wanted == only_model):
                mask = both(mask, self.rows[name] == code(wanted))
        for fact in facts(query.metadata):
            holders = np.zeros(len(self), np.bool_)
            holders[self.holders[self.facts == fact]] = True
            mask = both(mask, holders)
        if query.min_quality is not None:
            mask = both(mask, self.rows[QUALITY] >= np.float32(query.min_quality))
        if query.exclude is not None:
            others = self.rows["id"] != code(query.exclude)
            mask = mask if others.all() else both(mask, others)
        if query.max_degrees is not None:
            rows = np.arange(len(self)) if mask is None else np.flatnonzero(mask)
            near = np.zeros(len(self), np.bool_)
            near[rows[query.near_in_pose(self.rows[Attribute.POSE.value][rows])]] = True
            mask = near
        return mask

    def find(self, numbers: Numbers) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where the faces with these numbers are, and whether they are there."""
        rows = np.searchsorted(self.numbers, numbers)
        rows[rows == len(self)] = 0
        return rows, (self.numbers[rows] == numbers) & self.rows["alive"][rows]


class Segment:
    """Faces in the order of their numbers. One thread at a time changes it; others may read its parts meanwhile."""

    def __init__(self, room: int) -> None:
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.empty((room, *shape), kind) for name, (shape, kind) in shapes().items()
        }
        self._arrays["alive"] = np.empty(room, np.bool_)
        self._facts, self._holders = Column(np.dtype(np.int64)), Column(np.dtype(np.int32))
        self._room, self._size, self._erased = room, 0, 0
        self.part = self._present()
        """What it holds now."""

    @property
    def room(self) -> int:
        """How many more faces fit."""
        return self._room - self._size

    @property
    def sparse(self) -> bool:
        """Whether most of its rows are of nobody any more, so that it is worth writing anew."""
        return self._erased > self._room // 2

    def add(self, faces: FaceColumns, first: int, last: int) -> None:
        """Take over the faces in these rows of some columns; their numbers are larger than all here, and they fit."""
        start, end = self._size, self._size + last - first
        for name, values in faces.rows.items():
            self._arrays[name][start:end] = values[first:last]
        self._arrays["alive"][start:end] = True
        numbers = faces.numbers[first:last]
        if len(numbers):
            mine = (faces.holders >= numbers[0]) & (faces.holders <= numbers[-1])
            self._facts.extend(faces.facts[mine])
            self._holders.extend(start + np.searchsorted(numbers, faces.holders[mine]))
        self._size = end
        if not self.room:
            self._facts.trim()
            self._holders.trim()
        self.part = self._present()

    def erase(self, numbers: Numbers) -> Numbers:
        """Overwrite the faces with these numbers, where they are there, by zeros; gives the codes of their models."""
        held = self.part.numbers
        mine = numbers[(numbers >= held[0]) & (numbers <= held[-1])]
        rows, there = self.part.find(mine)
        gone = rows[there]
        if not len(gone):
            return np.empty(0, np.int64)
        models: Numbers = self._arrays["model"][gone]
        for name in shapes().keys() - {"numbers"}:
            self._arrays[name][gone] = 0
        # Searches take this column itself for their mask, and look at a mask more than once: theirs stays as it is.
        self._arrays["alive"] = self._arrays["alive"].copy()
        self._arrays["alive"][gone] = False
        self._facts.values[np.isin(self._holders.values, gone)] = 0
        self._erased += len(gone)
        self.part = self._present()
        return models

    def rewritten(self) -> "Segment":
        """A segment with those of its faces that are there."""
        alive = self.part.rows["alive"]
        places = np.cumsum(alive) - 1
        stated = alive[self._holders.values]
        rows = {name: self.part.rows[name][alive] for name in shapes()}
        holders = rows["numbers"][places[self._holders.values[stated]]]
        columns = FaceColumns(rows, self._facts.values[stated], holders, [])
        result = Segment(int(np.count_nonzero(alive)))
        result.add(columns, 0, len(columns.numbers))
        return result

    def _present(self) -> Part:
        rows = {name: values[: self._size] for name, values in self._arrays.items()}
        return Part(rows, self._facts.values, self._holders.values, self._erased)


def both(one: Mask, other: Mask) -> Mask:
    """The rows that are in both."""
    if one is None or other is None:
        return other if one is None else one
    return one & other
