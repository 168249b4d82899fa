"""The FAISS indexes derived from the store: one for each attribute, and one of all for composed queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gallery.flat import FlatIndex, Numbers
from gallery.query import Query
from gallery.records import Change, Deletion, Enrolment
from gallery.roster import Roster
from gallery.space import WHOLE, direction, lift, lower, width
from model.attributes import SPACES, Attribute, Vector
from model.errors import InvalidRequest

_MORE = 4
"""How many times as many faces each round asks for, where the best of each subject are looked for."""


@dataclass(frozen=True)
class Hits:
    """What a search of the index finds."""

    numbers: list[int]
    """Enrolment numbers, best first, equal scores by face id."""
    searched: int
    """How many faces passed the filters."""


class Index:
    """A replica of the store's embeddings after some change of its sequence.

    Any number of threads may search at a time, but not while another applies changes.
    """

    def __init__(self) -> None:
        self.sequence = 0
        """The number of the latest change applied."""
        self._roster = Roster()
        self._whole = FlatIndex(width(WHOLE))
        self._single = {attribute: FlatIndex(width([attribute])) for attribute in Attribute}

    def __len__(self) -> int:
        return len(self._roster)

    @property
    def numbers(self) -> Numbers:
        """The ascending numbers of all faces, as a view that is good until the next change."""
        return self._roster.numbers

    def census(self) -> dict[str, int]:
        """How many faces each model made."""
        return self._roster.census()

    def apply(self, changes: Sequence[Change]) -> None:
        """Take over some changes, which must be the next ones of the sequence."""
        removed = [change.face for change in changes if isinstance(change, Deletion)]
        if removed:
            self._remove(np.array(removed, np.int64))
        added = [change for change in changes if isinstance(change, Enrolment)]
        if added:
            self._add(added)
        if changes:
            self.sequence = changes[-1].sequence

    def differing(self, enrolments: Sequence[Enrolment]) -> list[int]:
        """The numbers of those faces that are not here, or not in every index just as they say."""
        here = np.isin([enrolment.sequence for enrolment in enrolments], self.numbers)
        there = [enrolment for enrolment, known in zip(enrolments, here, strict=True) if known]
        same = np.ones(0, np.bool_)
        if there:
            numbers = np.array([enrolment.sequence for enrolment in there], np.int64)
            embeddings = np.stack([enrolment.embedding for enrolment in there])
            same = self._roster.agrees(there) & _equal(self._whole.get(numbers), lift(embeddings, WHOLE))
            for attribute, flat in self._single.items():
                same &= _equal(flat.get(numbers), lift(embeddings, [attribute]))
        agreed = {enrolment.sequence for enrolment, equal in zip(there, same, strict=True) if equal}
        return [enrolment.sequence for enrolment in enrolments if enrolment.sequence not in agreed]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that it holds, as arrays of plain numbers; some are views that are good until the next change."""
        return {**self._roster.arrays(), "embeddings": lower(self._whole.get(self.numbers))}

    @classmethod
    def restored(cls, sequence: int, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The index that gave these arrays after this change."""
        index = cls()
        index.sequence = sequence
        index._roster = Roster.restored(arrays)
        index._fill(arrays["numbers"], arrays["embeddings"])
        return index

    def search(self, query: Query) -> Hits:
        """The best faces for a query, exactly those and in the order that comparing every face would give.

        FAISS proposes every face that could be among them; their scores are then computed as everywhere else.
        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        allowed = self._allowed(query)
        if query.model is None and self._roster.models(allowed) > 1:
            raise InvalidRequest("the faces to search are of several models; name the one that made the query")
        find = self._best if query.group_by is None else self._best_of_each_subject
        return Hits(find(query, allowed, query.k).tolist(), len(allowed))

    def _allowed(self, query: Query) -> Numbers:
        """The ascending numbers of the faces that pass a query's filters."""
        allowed = self._roster.select(query)
        if query.max_degrees is None:
            return allowed
        poses = self._single[Attribute.POSE].get(allowed)[:, : SPACES[Attribute.POSE].size]
        return allowed[query.near_in_pose(poses)]

    def _best(self, query: Query, allowed: Numbers, k: int) -> Numbers:
        """The k best of the allowed faces, best first."""
        covered = query.attributes if len(query.attributes) == 1 else WHOLE
        flat = self._single[covered[0]] if len(covered) == 1 else self._whole
        everything = len(allowed) == len(self)
        numbers = flat.candidates(direction(query, covered), k, None if everything else allowed)
        return self._ranked(query, numbers)[:k]

    def _best_of_each_subject(self, query: Query, allowed: Numbers, k: int) -> Numbers:
        """The best face of each of the k best subjects, best first.

        The first face of a subject among the best is its best. A round looks for those whose subjects no round before
        has found; each asks for more faces, so that a subject with many of them does not make for many rounds.
        """
        best, asked = np.empty(0, np.int64), k
        while len(best) < k and len(allowed):
            found = self._best(query, allowed, asked)
            subjects, first = np.unique(self._roster.subjects(found), return_index=True)
            best = np.concatenate([best, found[np.sort(first)]])
            if len(found) < asked:
                break
            allowed = allowed[~np.isin(self._roster.subjects(allowed), subjects)]
            asked *= _MORE
        return best[:k]

    def _ranked(self, query: Query, numbers: Numbers) -> Numbers:
        """The faces with these numbers that score enough, best first."""
        scores = query.scores(lower(self._whole.get(numbers)))
        if query.min_similarity is not None:
            good = scores >= query.min_similarity
            numbers, scores = numbers[good], scores[good]
        return numbers[np.lexsort((self._roster.ids(numbers), -scores))]

    def _add(self, enrolments: Sequence[Enrolment]) -> None:
        numbers = np.array([enrolment.sequence for enrolment in enrolments], np.int64)
        embeddings = np.stack([enrolment.embedding for enrolment in enrolments])
        self._roster.add(enrolments)
        self._fill(numbers, embeddings)

    def _fill(self, numbers: Numbers, embeddings: Vector) -> None:
        self._whole.add(numbers, lift(embeddings, WHOLE))
        for attribute, flat in self._single.items():
            flat.add(numbers, lift(embeddings, [attribute]))

    def _remove(self, numbers: Numbers) -> None:
        self._roster.remove(numbers)
        for flat in (self._whole, *self._single.values()):
            flat.remove(numbers)


def _equal(a: Vector, b: Vector) -> NDArray[np.bool_]:
    """Which rows of two arrays `(n, width)` are the same to the last bit."""
    return np.asarray((a.view(np.int32) == b.view(np.int32)).all(axis=1))
