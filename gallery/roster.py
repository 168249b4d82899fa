"""Who is in the index: for each face what searches filter and sort by."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.flat import Numbers
from gallery.query import Query
from gallery.records import Enrolment

_NAMES = ("collection", "subject", "model")


class Roster:
    """Faces by their enrolment numbers, in columns of few bytes.

    Any number of threads may read at a time, but not while another adds or removes.
    """

    def __init__(self) -> None:
        self._numbers = _Column(np.dtype(np.int64))
        self._ids = _Column(np.dtype("S36"))
        self._codes = {name: _Column(np.dtype(np.int32)) for name in _NAMES}
        self._names: dict[str, dict[str, int]] = {name: {} for name in _NAMES}
        self._next_code = 0

    def __len__(self) -> int:
        return len(self._numbers.values)

    def add(self, enrolments: Sequence[Enrolment]) -> None:
        """Add faces in the order of their numbers, which are larger than all before."""
        self._numbers.extend([enrolment.sequence for enrolment in enrolments])
        self._ids.extend([enrolment.id.encode() for enrolment in enrolments])
        for name in _NAMES:
            self._codes[name].extend([self._code(name, getattr(enrolment, name)) for enrolment in enrolments])

    def remove(self, numbers: Numbers) -> None:
        """Remove the faces with these numbers, where they are there, and what only they were named."""
        kept = ~np.isin(self._numbers.values, numbers)
        self._numbers.keep(kept)
        self._ids.keep(kept)
        for name in _NAMES:
            dropped = np.unique(self._codes[name].values[~kept])
            self._codes[name].keep(kept)
            unused = set(np.setdiff1d(dropped, self._codes[name].values).tolist())
            if unused:
                self._names[name] = {text: code for text, code in self._names[name].items() if code not in unused}

    def select(self, query: Query) -> Numbers:
        """The ascending numbers of the faces that pass a query's filters."""
        passing = np.ones(len(self), np.bool_)
        for name in _NAMES:
            wanted = getattr(query, name)
            if wanted is not None:
                passing &= self._codes[name].values == self._names[name].get(wanted, -1)
        if query.exclude is not None:
            passing &= self._ids.values != query.exclude.encode(errors="replace")
        return self._numbers.values if passing.all() else self._numbers.values[passing]

    def models(self, numbers: Numbers) -> int:
        """How many models made the faces with these numbers."""
        return len(np.unique(self._codes["model"].values[self._rows(numbers)]))

    def ids(self, numbers: Numbers) -> NDArray[np.bytes_]:
        """The ids of the faces with these numbers, which must be there; they sort as the texts do."""
        return self._ids.values[self._rows(numbers)]

    def _rows(self, numbers: Numbers) -> NDArray[np.intp]:
        return np.searchsorted(self._numbers.values, numbers)

    def _code(self, name: str, text: str) -> int:
        codes = self._names[name]
        if text not in codes:
            codes[text] = self._next_code
            self._next_code += 1
        return codes[text]


class _Column:
    """An array that grows by doubling."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        self._room = np.empty(0, kind)
        self._size = 0

    @property
    def values(self) -> NDArray[Any]:
        return self._room[: self._size]

    def extend(self, values: Sequence[Any]) -> None:
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)), self._room.dtype)
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def keep(self, which: NDArray[np.bool_]) -> None:
        self._room = self.values[which]
        self._size = len(self._room)
