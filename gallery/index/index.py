"""The FAISS indexes derived from the store: one for each attribute, and one of all for composed queries."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from gallery.index.approximate import LEAST, QUERIES, RECALL_AT, ApproximateIndex
from gallery.index.composed_query import SummedIndex
from gallery.index.face_columns import FaceColumns
from gallery.index.face_table import Roster
from gallery.index.filter_recall import Effort
from gallery.index.flat import FlatIndex, Numbers
from gallery.index.gpu import GpuIndex, ToGpu
from gallery.index.sample_queries import trials
from gallery.index.vector_space import WHOLE, direction, lift, lower, width
from gallery.query import Query
from gallery.records import Change, Deletion, Enrolment
from model.attributes import SPACES, Attribute, Vector
from model.errors import InvalidRequest

_MORE = 4
"""How many times as many faces each round asks for, where the best of each subject are looked for."""


Covered = tuple[Attribute, ...]
"""The attributes that an index is of: one, or all."""


@dataclass(frozen=True)
class IndexConfig:
    """How faces are searched."""

    composed: bool = True
    """Keep an index of all attributes, which makes composed queries faster and takes 408 bytes a face."""
    approximate_from: int | None = None
    """So many faces are searched approximately; None never does."""
    exact_below: int = 50_000
    """So few faces, as a filter leaves, are still compared one by one: that takes no longer, and misses none."""
    to_gpu: ToGpu | None = None
    """Moves a copy of each index to the GPU, which then answers what asks for all faces; None searches on the CPU."""


@dataclass(frozen=True, eq=False)
class Hits:
    """What a search of the index finds."""

    numbers: list[int]
    """Enrolment numbers, best first, equal scores by face id."""
    embeddings: Vector
    """Theirs, `(n, 99)`."""
    searched: int
    """How many faces passed the filters."""


class Index:
    """A replica of the store's embeddings after some change of its sequence.

    Any number of threads may search at a time, but not while another applies changes.
    """

    def __init__(self, config: IndexConfig | None = None) -> None:
        self.sequence = 0
        """The number of the latest change applied."""
        self._config = config or IndexConfig()
        self._roster = Roster()
        self._single = {attribute: FlatIndex(width([attribute])) for attribute in Attribute}
        self._flat: dict[Covered, FlatIndex] = {(attribute,): flat for attribute, flat in self._single.items()}
        self._whole: FlatIndex | SummedIndex = SummedIndex(self._single)
        if self._config.composed:
            self._whole = self._flat[WHOLE] = FlatIndex(width(WHOLE))
        self._approximate: dict[Covered, ApproximateIndex] = {}
        self._removed: dict[Covered, list[Numbers]] = {}
        """What was removed since the vectors of an approximate index to come were copied."""
        self._gpu: dict[Covered, GpuIndex] = {}
        if self._config.to_gpu is not None:
            lock = Lock()
            self._gpu = {covered: GpuIndex(width(covered), self._config.to_gpu, lock) for covered in self._flat}

    def __len__(self) -> int:
        return len(self._roster)

    @property
    def numbers(self) -> Numbers:
        """The ascending numbers of all faces, as a view that is good until the next change."""
        return self._roster.numbers

    def sample(self, most: int) -> Numbers:
        """The numbers of at most so many faces, drawn at random, some perhaps twice."""
        drawn = np.random.default_rng(len(self)).random(min(most, len(self))) * len(self)
        return np.asarray(self.numbers[drawn.astype(np.intp)])

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
            self.add(FaceColumns.of(added))
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
            same = self._roster.agrees(there)
            for covered, flat in self._flat.items():
                same &= _equal(flat.get(numbers), lift(embeddings, covered))
        agreed = {enrolment.sequence for enrolment, equal in zip(there, same, strict=True) if equal}
        return [enrolment.sequence for enrolment in enrolments if enrolment.sequence not in agreed]

    @property
    def approximation_is_due(self) -> bool:
        """Whether there are enough faces for approximate indexes that are not there, or twice as many as they know."""
        if self._config.approximate_from is None or len(self) < max(self._config.approximate_from, LEAST):
            return False
        return any(
            covered not in self._approximate or len(self) >= 2 * self._approximate[covered].trained_on
            for covered in self.approximated
        )

    @property
    def approximated(self) -> list[Covered]:
        """What there are approximate indexes of, once there are enough faces.

        A pose is compared quickly as it is. Of several attributes no list lies near a query: to find most of the best
        all lists would have to be looked at, which takes longer than to compare every face.
        """
        return [covered for covered in self._flat if len(covered) == 1 and SPACES[covered[0]].unit]

    def begin_copy(self, covered: Covered) -> None:
        """Note what is removed from now on, until an approximate index is installed."""
        self._removed[covered] = []

    def copied(self, covered: Covered, after: int, count: int) -> tuple[Numbers, Vector]:
        """The ascending numbers `(n,)` and the vectors `(n, width)` of the next so many faces after a number."""
        flat = self._flat[covered]
        first = int(np.searchsorted(flat.numbers, after, side="right"))
        return flat.numbers[first : first + count].copy(), flat.vectors[first : first + count].copy()

    def install(self, covered: Covered, approximate: ApproximateIndex, last: int) -> None:
        """Search from now on by an approximate index that was made of copies up to the number `last`."""
        removed = self._removed.pop(covered)
        if removed:
            approximate.remove(np.concatenate(removed))
        approximate.add(*self.copied(covered, last, len(self)))
        self._approximate[covered] = approximate

    @property
    def recall(self) -> dict[str, float]:
        """The measured recall of each approximate index, by what it is of; empty where search is exact."""
        return {covered[0].value: index.recall for covered, index in self._approximate.items()}

    def search(self, query: Query) -> Hits:
        """The best faces for a query, exactly those and in the order that comparing every face would give.

        FAISS proposes every face that could be among them; their scores are then computed as everywhere else. An
        approximate index proposes most of them, so that some may be missing, but never more than k takes; with a filter
        it does so once its recall with that filter was measured.
        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        allowed = self.allowed(query)
        if query.model is None and self._roster.models(allowed) > 1:
            raise InvalidRequest("the faces to search are of several models; name the one that made the query")
        find = self._best if query.group_by is None else self._best_of_each_subject
        best = find(query, allowed, query.k)
        return Hits(best.tolist(), lower(self._whole.get(best)), len(allowed))

    def unmeasured(self) -> list[tuple[Covered, Query]]:
        """Of what approximate indexes are, and a query with each filter by which they were asked and not measured."""
        return [(covered, query) for covered, index in self._approximate.items() for query in index.filters.waiting]

    def chosen(self, covered: Covered, numbers: Numbers) -> tuple[Numbers, Vector]:
        """Those of some ascending numbers that are there, and their vectors `(n, width)`, as copies."""
        flat = self._flat[covered]
        rows = np.searchsorted(flat.numbers, numbers)
        there = rows < len(flat)
        there[there] = flat.numbers[rows[there]] == numbers[there]
        return numbers[there], flat.vectors[rows[there]]

    def measure(
        self,
        covered: Covered,
        query: Query,
        faces: tuple[Numbers, Vector],
        others: Vector,
        held: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Measure how well the approximate index of some attribute does with the filter of a query.

        `faces` are copies of the numbers and vectors of those that pass it. They are looked for by queries that are
        near some of them and by queries that are near `others`, who do not; `held` keeps the index as it is for each.
        """
        approximate, (numbers, vectors) = self._approximate[covered], faces
        if len(numbers) <= self._config.exact_below:
            approximate.filters.learn(query, None)
            return

        def propose(wanted: Vector, probes: int) -> Numbers:
            with held():
                return approximate.candidates(wanted, RECALL_AT, probes, numbers)

        kinds = [trials(some)(QUERIES) for some in (vectors, others)]
        approximate.filters.learn(query, approximate.measured(numbers, vectors, kinds, propose))

    def allowed(self, query: Query) -> Numbers:
        """The ascending numbers of the faces that pass a query's filters."""
        allowed = self._roster.select(query)
        if query.max_degrees is None:
            return allowed
        poses = self._single[Attribute.POSE].get(allowed)[:, : SPACES[Attribute.POSE].size]
        return allowed[query.near_in_pose(poses)]

    def _best(self, query: Query, allowed: Numbers, k: int, exactly: bool = False) -> Numbers:
        """The k best of the allowed faces, best first."""
        covered = query.attributes if len(query.attributes) == 1 else WHOLE
        wanted = direction(query, covered)
        among = None if len(allowed) == len(self) else allowed
        if among is None and covered in self._gpu:
            found = self._gpu[covered].candidates(wanted, k)
            if found is not None:
                return self._ranked(query, found)[:k]
        approximate = self._approximate.get(covered)
        if approximate is not None and not exactly and len(allowed) > self._config.exact_below:
            effort: Effort | None = approximate.effort
            if among is not None:
                effort = approximate.filters.effort(query, len(allowed), approximate.effort)
            if effort is not None:
                numbers = approximate.candidates(wanted, k, effort.probes, among)
                # The lists that were looked at may hold fewer than there are.
                if len(numbers) >= min(k, len(allowed)):
                    return self._ranked(query, numbers)[:k]
        numbers = self._flat.get(covered, self._whole).candidates(wanted, k, among)
        return self._ranked(query, numbers)[:k]

    def _best_of_each_subject(self, query: Query, allowed: Numbers, k: int) -> Numbers:
        """The best face of each of the k best subjects, best first.

        The first face of a subject among the best is its best. A round looks for those whose subjects no round before
        has found; each asks for more faces, so that a subject with many of them does not make for many rounds.
        """
        best, asked = np.empty(0, np.int64), k
        while len(best) < k and len(allowed):
            # What is left after the first round lies beyond the lists nearest to the query.
            found = self._best(query, allowed, asked, exactly=asked > k)
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

    def add(self, faces: FaceColumns) -> None:
        """Take over faces whose numbers are larger than all that are here; the sequence stays as it is."""
        self._roster.add(faces)
        for covered, flat in self._flat.items():
            vectors = lift(faces.embeddings, covered)
            flat.add(faces.numbers, vectors)
            if covered in self._approximate:
                self._approximate[covered].add(faces.numbers, vectors)
            if covered in self._gpu:
                self._gpu[covered].add(faces.numbers, vectors)

    def _remove(self, numbers: Numbers) -> None:
        self._roster.remove(numbers)
        for flat in self._flat.values():
            flat.remove(numbers)
        for approximate in self._approximate.values():
            approximate.remove(numbers)
        for removed in self._removed.values():
            removed.append(numbers)
        for covered, gpu in self._gpu.items():
            gpu.copy(self._flat[covered])


def _equal(a: Vector, b: Vector) -> NDArray[np.bool_]:
    """Which rows of two arrays `(n, width)` are the same to the last bit."""
    return np.asarray((a.view(np.int32) == b.view(np.int32)).all(axis=1))
