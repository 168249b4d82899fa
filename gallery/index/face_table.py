"""Who is in the index: for each face what searches filter and sort by."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.index.face_columns import ID, NAMES, FaceColumns
from gallery.index.flat import Numbers
from gallery.index.growing_array import Column
from gallery.index.metadata_filter import facts
from gallery.query import Query
from gallery.records import Enrolment


class Roster:
    """Faces by their enrolment numbers, in columns of few bytes.

    Any number of threads may read at a time, but not while another adds or removes.
    """

    def __init__(self) -> None:
        self._numbers = Column(np.dtype(np.int64))
        self._ids = Column(ID)
        self._codes = {name: Column(np.dtype(np.int32)) for name in NAMES}
        self._names: dict[str, dict[str, int]] = {name: {} for name in NAMES}
        # What metadata states, and of whom: a face has as many rows here as its metadata has keys.
        self._facts = Column(np.dtype(np.int64))
        self._holders = Column(np.dtype(np.int64))
        self._next_code = 0

    def __len__(self) -> int:
        return len(self._numbers.values)

    def add(self, faces: FaceColumns) -> None:
        """Add faces whose numbers are larger than all before."""
        self._numbers.extend(faces.numbers)
        self._ids.extend(faces.ids)
        for name in NAMES:
            known = np.array([self._code(name, text) for text in faces.texts[name]], np.int32)
            self._codes[name].extend(known[faces.codes[name]])
        self._facts.extend(faces.facts)
        self._holders.extend(faces.holders)

    def remove(self, numbers: Numbers) -> None:
        """Remove the faces with these numbers, where they are there, and what only they were named."""
        stated = ~np.isin(self._holders.values, numbers)
        self._facts.keep(stated)
        self._holders.keep(stated)
        kept = ~np.isin(self._numbers.values, numbers)
        self._numbers.keep(kept)
        self._ids.keep(kept)
        for name in NAMES:
            dropped = np.unique(self._codes[name].values[~kept])
            self._codes[name].keep(kept)
            unused = set(np.setdiff1d(dropped, self._codes[name].values).tolist())
            if unused:
                self._names[name] = {text: code for text, code in self._names[name].items() if code not in unused}

    def select(self, query: Query) -> Numbers:
        """The ascending numbers of the faces that pass a query's filters."""
        passing: NDArray[np.bool_] | None = None
        for name in NAMES:
            wanted = getattr(query, name)
            # What all faces have in common, as mostly their model, needs no look at each.
            if wanted is None or self._names[name].keys() == {wanted}:
                continue
            passing = _both(passing, self._codes[name].values == self._names[name].get(wanted, -1))
        for fact in facts(query.metadata):
            holders = np.zeros(len(self), np.bool_)
            holders[self._rows(self._holders.values[self._facts.values == fact])] = True
            passing = _both(passing, holders)
        if query.exclude is not None:
            passing = _both(passing, self._ids.values != query.exclude.encode(errors="replace"))
        return self._numbers.values if passing is None or passing.all() else self._numbers.values[passing]

    def subjects(self, numbers: Numbers) -> NDArray[np.int32]:
        """A code for the subject of each face with these numbers, which must be there."""
        return self._codes["subject"].values[self._rows(numbers)]

    def census(self) -> dict[str, int]:
        """How many faces each model made."""
        codes = self._codes["model"].values
        return {name: int(np.count_nonzero(codes == code)) for name, code in self._names["model"].items()}

    def models(self, numbers: Numbers) -> int:
        """How many models made the faces with these numbers."""
        return len(np.unique(self._codes["model"].values[self._rows(numbers)]))

    def ids(self, numbers: Numbers) -> NDArray[np.bytes_]:
        """The ids of the faces with these numbers, which must be there; they sort as the texts do."""
        return self._ids.values[self._rows(numbers)]

    def agrees(self, enrolments: Sequence[Enrolment]) -> NDArray[np.bool_]:
        """Whether each of these faces `(n,)`, which must all be there by number, is here just as it says."""
        rows = self._rows(np.array([enrolment.sequence for enrolment in enrolments], np.int64))
        same = self._ids.values[rows] == np.array([enrolment.id.encode() for enrolment in enrolments], ID)
        for name in NAMES:
            codes = [self._names[name].get(getattr(enrolment, name), -1) for enrolment in enrolments]
            same &= self._codes[name].values[rows] == np.array(codes, np.int32)
        stated = {(enrolment.sequence, fact) for enrolment in enrolments for fact in facts(enrolment.metadata)}
        held = np.isin(self._holders.values, self._numbers.values[rows])
        known = set(zip(self._holders.values[held].tolist(), self._facts.values[held].tolist(), strict=True))
        mistaken = [number for number, _ in stated ^ known]
        return np.asarray(same & ~np.isin(self._numbers.values[rows], mistaken))

    @property
    def numbers(self) -> Numbers:
        """The ascending numbers of all faces, as a view that is good until the next change."""
        return self._numbers.values

    def _rows(self, numbers: Numbers) -> NDArray[np.intp]:
        return np.searchsorted(self._numbers.values, numbers)

    def _code(self, name: str, text: str) -> int:
        codes = self._names[name]
        if text not in codes:
            codes[text] = self._next_code
            self._next_code += 1
        return codes[text]


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other
