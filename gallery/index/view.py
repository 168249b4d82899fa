"""What a search looks at: the faces that the index held after some change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gallery.index.compact_vectors import Compact, compacted, restored
from gallery.index.face_columns import NAMES, QUALITY
from gallery.index.faiss_library import Numbers
from gallery.index.metadata_filter import code, facts
from gallery.index.segment import Mask, Part, both
from gallery.index.vector_space import lift
from gallery.query import Query, quality_number
from gallery.records import Enrolment
from model.attributes import Attribute, Vector


@dataclass(frozen=True, eq=False)
class View:
    """The parts of all segments. What is erased after the view was made is zeros in it, and in no store any more."""

    sequence: int
    """The number of the latest change that it shows."""
    parts: tuple[Part, ...]
    """In the order of their numbers."""
    models: Mapping[str, int]
    """How many faces each model made."""

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return sum(len(part) - part.erased for part in self.parts)

    @cached_property
    def _firsts(self) -> Numbers:
        """The first number of each part."""
        return np.array([part.numbers[0] for part in self.parts], np.int64)

    def select(self, query: Query) -> tuple[list[Mask], int]:
        """For each part the rows that pass a query's filters, and how many those are."""
        only = next(iter(self.models)) if len(self.models) == 1 else None
        masks = [part.select(query, only) for part in self.parts]
        counts = (
            len(part) if mask is None else np.count_nonzero(mask) for part, mask in zip(self.parts, masks, strict=True)
        )
        return masks, int(sum(counts))

    def without(self, masks: Sequence[Mask], subjects: Sequence[int]) -> list[Mask]:
        """The rows that are of none of these subjects, by code."""
        return [
            both(mask, ~np.isin(part.rows["subject"], subjects)) for part, mask in zip(self.parts, masks, strict=True)
        ]

    def several_models(self, masks: Sequence[Mask]) -> bool:
        """Whether these rows are of more than one model."""
        if len(self.models) < 2:
            return False
        found = [
            np.unique(part.rows["model"] if mask is None else part.rows["model"][mask])
            for part, mask in zip(self.parts, masks, strict=True)
        ]
        # What was erased since is zeros, of no model.
        return len(np.setdiff1d(np.concatenate(found), [0])) > 1

    def numbers(self, masks: Sequence[Mask] | None = None) -> Numbers:
        """The ascending numbers of some rows, or of all faces."""
        masks = [part.alive for part in self.parts] if masks is None else masks
        found = [
            part.numbers if mask is None else part.numbers[mask] for part, mask in zip(self.parts, masks, strict=True)
        ]
        return np.concatenate([np.empty(0, np.int64), *found])

    def located(self, numbers: Numbers) -> Iterator[tuple[Part, NDArray[np.intp], Numbers]]:
        """Of each part that holds some of these faces, their rows and numbers."""
        places = np.searchsorted(self._firsts, numbers, side="right") - 1
        for place in np.unique(places[places >= 0]).tolist():
            mine = numbers[places == place]
            rows, there = self.parts[place].find(mine)
            if there.any():
                yield self.parts[place], rows[there], mine[there]

    def agrees(self, enrolment: Enrolment) -> bool:
        """Whether a face is here just as an enrolment says."""
        for part, [row], _ in self.located(np.array([enrolment.sequence], np.int64)):
            first, last = np.searchsorted(part.holders, (row, row + 1))
            return (
                all(part.rows[name][row] == code(getattr(enrolment, name)) for name in NAMES)
                and float(part.rows[QUALITY][row]) == quality_number(enrolment.quality)
                and sorted(part.facts[first:last].tolist()) == sorted(facts(enrolment.metadata))
                and all(
                    # To the last bit.
                    vectors[row].tobytes() == compacted(enrolment.embedding[np.newaxis], attribute).tobytes()
                    for attribute, vectors in part.vectors.items()
                )
            )
        return False

    def vectors(self, numbers: Numbers, attributes: Sequence[Attribute]) -> tuple[Numbers, dict[Attribute, Compact]]:
        """Those of some faces that are here, and their compact vectors `(n, size)`."""
        found = list(self.located(numbers))
        if not found:
            return np.empty(0, np.int64), {}
        there = np.concatenate([mine for _, _, mine in found])
        return there, {
            attribute: np.concatenate([part.vectors[attribute][rows] for part, rows, _ in found])
            for attribute in attributes
        }

    def copies(self, attributes: Sequence[Attribute], after: int) -> Iterator[tuple[Numbers, Vector]]:
        """The numbers `(n,)` and lifted vectors `(n, width)` of all faces after a number, some at a time."""
        for part in self.parts:
            chosen = np.flatnonzero(part.rows["alive"] & (part.numbers > after))
            if len(chosen):
                vectors = {attribute: restored(part.vectors[attribute][chosen]) for attribute in attributes}
                yield part.numbers[chosen], lift(vectors, attributes)

    def chosen(self, attributes: Sequence[Attribute], masks: Sequence[Mask]) -> tuple[Numbers, Vector]:
        """The numbers `(n,)` and lifted vectors `(n, width)` of some rows."""
        numbers, vectors = [], []
        for part, mask in zip(self.parts, masks, strict=True):
            rows = np.arange(len(part)) if mask is None else np.flatnonzero(mask)
            picked = {attribute: restored(part.vectors[attribute][rows]) for attribute in attributes}
            numbers.append(part.numbers[rows])
            vectors.append(lift(picked, attributes))
        return np.concatenate(numbers), np.concatenate(vectors)

    def sample(self, most: int) -> list[Mask]:
        """About so many rows of all, drawn at random."""
        rng, share = np.random.default_rng(len(self)), min(1.0, most / max(len(self), 1))
        return [both(part.alive, rng.random(len(part)) < share) for part in self.parts]
