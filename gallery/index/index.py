"""The index derived from the store: every face in few bytes, and what searches them."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from gallery.concurrency.read_write_lock import ReadWriteLock
from gallery.index import segment as segments
from gallery.index.approximate import LEAST, ApproximateIndex
from gallery.index.compact_vectors import margin, restored, scores
from gallery.index.face_columns import FaceColumns
from gallery.index.faiss_library import Numbers
from gallery.index.filter_recall import Effort
from gallery.index.gpu import GpuIndex, ToGpu
from gallery.index.metadata_filter import code
from gallery.index.sample_queries import QUERIES, RECALL_AT, trials
from gallery.index.scan import candidates, nearest
from gallery.index.segment import Mask, Segment, both
from gallery.index.vector_space import WHOLE, directions, lift, whole, width
from gallery.index.view import View
from gallery.query import Query
from gallery.records import Change, Deletion, EnrolledFace, Enrolment
from model.attributes import SPACES, Attribute, Vector
from model.errors import InvalidRequest

_MORE = 4
"""How many times as many faces each round asks for, where the best of each subject are looked for."""

Covered = tuple[Attribute, ...]
"""The attributes that an index is of: one, or all."""


@dataclass(frozen=True)
class IndexConfig:
    """How faces are searched."""

    approximate_from: int | None = None
    """So many faces are searched approximately; None never does."""
    exact_below: int = 50_000
    """So few faces, as a filter leaves, are still compared one by one: that takes no longer, and misses none."""
    to_gpu: ToGpu | None = None
    """Moves a copy of each index to the GPU, which then answers what asks for all faces; None searches on the CPU."""


@dataclass(frozen=True, eq=False)
class Hits:
    """What a search of the index finds."""

    faces: list[EnrolledFace]
    """Best first, equal scores by face id."""
    searched: int
    """How many faces passed the filters."""


Search = Generator[Numbers, Mapping[int, EnrolledFace], Hits]
"""A search under way: it asks for faces of the store by number, which are sent to it, those that are there."""


class Index:
    """A replica of the store's embeddings after some change of its sequence.

    One thread at a time changes it. Any number of threads search meanwhile, none of which waits: each looks at a view,
    of which no row moves.
    """

    def __init__(self, config: IndexConfig | None = None) -> None:
        self.view = View(0, (), {})
        """What is there now."""
        self._config = config or IndexConfig()
        self._segments: list[Segment] = []
        self._models: Counter[str] = Counter()
        self._lock = ReadWriteLock()
        """Of the approximate indexes, which FAISS lets nobody search while somebody changes them."""
        self._approximate: dict[Covered, ApproximateIndex] = {}
        self._removed: dict[Covered, list[Numbers]] = {}
        """What was removed since the vectors of an approximate index to come were copied."""
        self._gpu: dict[Covered, GpuIndex] = {}
        if self._config.to_gpu is not None:
            lock, all_of = Lock(), [*((attribute,) for attribute in Attribute), WHOLE]
            self._gpu = {covered: GpuIndex(width(covered), self._config.to_gpu, lock) for covered in all_of}

    def __len__(self) -> int:
        return len(self.view)

    def apply(self, changes: Sequence[Change]) -> None:
        """Take over some changes, which must be the next ones of the sequence."""
        removed = [change.face for change in changes if isinstance(change, Deletion)]
        if removed:
            self._remove(np.array(removed, np.int64))
        added = [change for change in changes if isinstance(change, Enrolment)]
        if added:
            self._add(FaceColumns.of(added))
        if changes:
            self._publish(changes[-1].sequence)

    def load(self, faces: FaceColumns) -> None:
        """Take over faces whose numbers are larger than all that are here; the sequence stays as it is."""
        self._add(faces)
        self._publish(self.view.sequence)

    def loaded(self, sequence: int) -> None:
        """Note that all is here after a change of the sequence."""
        self._publish(sequence)

    def differing(self, enrolments: Sequence[Enrolment]) -> list[int]:
        """The numbers of those faces that are not here, or not just as they say."""
        return [enrolment.sequence for enrolment in enrolments if not self.view.agrees(enrolment)]

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
        return [(attribute,) for attribute, space in SPACES.items() if space.unit]

    def begin_copy(self, covered: Covered) -> None:
        """Note what is removed from now on, until an approximate index is installed."""
        self._removed[covered] = []

    def install(self, covered: Covered, approximate: ApproximateIndex, last: int) -> None:
        """Search from now on by an approximate index that was made of copies up to the number `last`."""
        removed = self._removed.pop(covered)
        if removed:
            approximate.remove(np.concatenate(removed))
        for numbers, vectors in self.view.copies(covered, last):
            approximate.add(numbers, vectors)
        self._approximate[covered] = approximate

    @property
    def recall(self) -> dict[str, float]:
        """The measured recall of each approximate index, by what it is of; empty where search is exact."""
        return {covered[0].value: index.recall for covered, index in self._approximate.items()}

    def search(self, view: View, query: Query) -> Search:
        """The best faces of a view for a query, exactly those and in the order that comparing every face would give.

        The compact vectors propose every face that could be among them, whose scores are then computed as everywhere
        else, of what the store holds. An approximate index proposes most of them, so that some may be missing, but
        never more than k takes; with a filter it does so once its recall with that filter was measured.
        Raises InvalidRequest where the query names no model and its faces are of several.
        """
        masks, searched = view.select(query)
        if query.model is None and view.several_models(masks):
            raise InvalidRequest("the faces to search are of several models; name the one that made the query")
        find = self._best if query.group_by is None else self._best_of_each_subject
        faces = yield from find(view, query, masks, searched)
        return Hits(faces, searched)

    def unmeasured(self) -> list[tuple[Covered, Query]]:
        """Of what approximate indexes are, and a query with each filter by which they were asked and not measured."""
        return [(covered, query) for covered, index in self._approximate.items() for query in index.filters.waiting]

    def measure(self, covered: Covered, query: Query, others: int) -> None:
        """Measure how well the approximate index of some attribute does with the filter of a query.

        The faces that pass it are looked for by queries that are near some of them and by queries that are near
        others, who do not, as far as there are some among so many.
        """
        approximate, view = self._approximate[covered], self.view
        masks, count = view.select(replace(query, exclude=None))
        if count <= self._config.exact_below:
            approximate.filters.learn(query, None)
            return
        numbers, vectors = view.chosen(covered, masks)
        some = view.sample(others)
        rest = [both(mask, ~passing) for mask, passing in zip(some, masks, strict=True) if passing is not None]
        outside = view.chosen(covered, rest if any(mask is not None and mask.any() for mask in rest) else some)[1]

        def propose(wanted: Vector, probes: int) -> Numbers:
            with self._lock.read():
                return approximate.candidates(wanted, RECALL_AT, probes, numbers)

        kinds = [trials(near)(QUERIES) for near in (vectors, outside)]
        approximate.filters.learn(query, approximate.measured(numbers, vectors, kinds, propose))

    def _best(
        self, view: View, query: Query, masks: list[Mask], count: int, exactly: bool = False
    ) -> Generator[Numbers, Mapping[int, EnrolledFace], list[EnrolledFace]]:
        """The k best of the faces that pass, best first, without those that the store does not have."""
        numbers = None if exactly else self._proposed(view, query, masks, count)
        if numbers is None:
            numbers = candidates(view.parts, masks, directions(query), query.k)
        found = yield numbers
        return query.ranked([found[number] for number in numbers.tolist() if number in found])[: query.k]

    def _best_of_each_subject(
        self, view: View, query: Query, masks: list[Mask], count: int
    ) -> Generator[Numbers, Mapping[int, EnrolledFace], list[EnrolledFace]]:
        """The best face of each of the k best subjects, best first.

        The first face of a subject among the best is its best. A round looks for those whose subjects no round before
        has found; each asks for more faces, so that a subject with many of them does not make for many rounds.
        """
        best, asked = dict[str, EnrolledFace](), query.k
        while len(best) < query.k:
            # What is left after the first round lies beyond the lists nearest to the query.
            found = yield from self._best(view, replace(query, k=asked), masks, count, exactly=asked > query.k)
            for face in found:
                best.setdefault(face.subject, face)
            if len(found) < asked:
                break
            masks = view.without(masks, [code(face.subject) for face in found])
            asked *= _MORE
        return list(best.values())[: query.k]

    def _proposed(self, view: View, query: Query, masks: list[Mask], count: int) -> Numbers | None:
        """Numbers among which are the k best, or most of them, by the GPU or an approximate index.

        None where every face is to be compared.
        """
        parts = directions(query)
        covered = query.attributes if len(parts) == 1 else WHOLE
        below, everybody, numbers = margin(parts), count == len(view), None
        if everybody and covered in self._gpu:
            numbers = self._gpu[covered].candidates(whole(parts, covered), query.k, below)
        approximate = self._approximate.get(covered)
        if numbers is None and approximate is not None and count > self._config.exact_below:
            effort: Effort | None = approximate.effort
            if not everybody:
                effort = approximate.filters.effort(query, count, approximate.effort)
            if effort is not None:
                among = None if everybody else view.numbers(masks)
                with self._lock.read():
                    numbers = approximate.candidates(parts[covered[0]], query.k, effort.probes, among)
        if numbers is None:
            return None
        there, vectors = view.vectors(numbers, query.attributes)
        # They may know a newer state, and the lists that were looked at may hold fewer than there are.
        if len(there) < len(numbers) or len(there) < min(query.k, count):
            return None
        room = np.empty(len(there) * max(space.size for space in SPACES.values()), np.float32)
        return nearest(there, scores(vectors, parts, room), query.k, below)

    def _add(self, faces: FaceColumns) -> None:
        done, count = 0, len(faces.numbers)
        while done < count:
            if not self._segments or not self._segments[-1].room:
                self._segments.append(Segment(segments.ROWS))
            last = min(count, done + self._segments[-1].room)
            self._segments[-1].add(faces, done, last)
            done = last
        names = {code(model): model for model in faces.models}
        for model, many in zip(*np.unique(faces.rows["model"], return_counts=True), strict=True):
            self._models[names[int(model)]] += int(many)
        if not self._approximate and not self._gpu:
            return
        vectors = {attribute: restored(values) for attribute, values in faces.vectors.items()}
        with self._lock.write():
            for covered, approximate in self._approximate.items():
                approximate.add(faces.numbers, lift(vectors, covered))
        for covered, gpu in self._gpu.items():
            gpu.add(faces.numbers, lift(vectors, covered))

    def _remove(self, numbers: Numbers) -> None:
        names = {code(model): model for model in self._models}
        kept = []
        for one in self._segments:
            for model in one.erase(numbers).tolist():
                self._models[names[model]] -= 1
            one = one.rewritten() if one.sparse else one
            if len(one.part) or one.room:
                kept.append(one)
        self._segments = kept
        self._models = +self._models
        if self._approximate:
            with self._lock.write():
                for approximate in self._approximate.values():
                    approximate.remove(numbers)
        for removed in self._removed.values():
            removed.append(numbers)
        self._publish(self.view.sequence)
        for covered, gpu in self._gpu.items():
            gpu.copy(self.view.copies(covered, 0))

    def _publish(self, sequence: int) -> None:
        """Let searches from now on see what is here."""
        self.view = View(sequence, tuple(segment.part for segment in self._segments), dict(self._models))
