"""The FAISS indexes derived from the store: one for each attribute, and one of all for composed queries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery.flat import FlatIndex, Numbers
from gallery.query import Query
from gallery.records import Change, Deletion, Enrolment
from gallery.roster import Roster
from gallery.space import WHOLE, direction, lift, lower, width
from model.attributes import Attribute
from model.errors import InvalidRequest


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

    def search(self, query: Query) -> Hits:
        """The best faces for a query, exactly those and in the order that comparing every face would give.

        FAISS proposes every face that could be among them; their scores are then computed as everywhere else.
        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        allowed = self._roster.select(query)
        if query.model is None and self._roster.models(allowed) > 1:
            raise InvalidRequest("the faces to search are of several models; name the one that made the query")
        covered = query.attributes if len(query.attributes) == 1 else WHOLE
        flat = self._single[covered[0]] if len(covered) == 1 else self._whole
        everything = len(allowed) == len(self)
        numbers = flat.candidates(direction(query, covered), query.k, None if everything else allowed)
        return Hits(self._ranked(query, numbers), len(allowed))

    def _ranked(self, query: Query, numbers: Numbers) -> list[int]:
        scores = query.scores(lower(self._whole.get(numbers)))
        if query.min_similarity is not None:
            good = scores >= query.min_similarity
            numbers, scores = numbers[good], scores[good]
        order = np.lexsort((self._roster.ids(numbers), -scores))
        ranked: list[int] = numbers[order[: query.k]].tolist()
        return ranked

    def _add(self, enrolments: Sequence[Enrolment]) -> None:
        numbers = np.array([enrolment.sequence for enrolment in enrolments], np.int64)
        embeddings = np.stack([enrolment.embedding for enrolment in enrolments])
        self._roster.add(enrolments)
        self._whole.add(numbers, lift(embeddings, WHOLE))
        for attribute, flat in self._single.items():
            flat.add(numbers, lift(embeddings, [attribute]))

    def _remove(self, numbers: Numbers) -> None:
        self._roster.remove(numbers)
        for flat in (self._whole, *self._single.values()):
            flat.remove(numbers)
