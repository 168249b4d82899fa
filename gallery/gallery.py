"""Who is enrolled: the store, and the index that follows it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

from gallery.base_gallery import BaseGallery
from gallery.index.approximate import ApproximateIndex
from gallery.index.flat import Numbers
from gallery.index.index import Covered, Hits, Index, IndexConfig
from gallery.index.sample_queries import trials
from gallery.loading import Loader
from gallery.periodic_thread import Keeper
from gallery.query import Query, Results
from gallery.read_write_lock import ReadWriteLock
from gallery.records import Deletion
from gallery.store.changes import Forgotten
from model.attributes import Vector
from model.errors import InvalidRequest

_BATCH = 10_000
"""Changes taken from the store at a time: about 10 MB."""
_SECONDS = 60.0
"""How often it is asked whether a snapshot is due."""
_MANY = 10_000
"""Faces that it lacks, or a twentieth of all where that is more, with which it is."""
_COPIED = 16_384
"""Faces copied while no writer is let in: a few milliseconds."""
_SAMPLE = 2000
"""Faces of which those that pass no filter are taken for what is asked for with it."""


class Gallery(BaseGallery):
    """A gallery that searches in this process."""

    def __init__(self, url: str, snapshot: Path | None = None, config: IndexConfig | None = None) -> None:
        """Open the gallery in the database at a SQLAlchemy URL, and bring every embedding into memory.

        `snapshot` names a folder that makes this fast: it is written after many changes and when the gallery closes,
        and made anew where it is damaged. Its files are sealed by keys that lie in the database and go with the faces
        that are erased. Several galleries may share it.
        """
        super().__init__(url)
        self._config = config or IndexConfig()
        self._lock, self._following = ReadWriteLock(), Lock()
        with ExitStack() as on_failure:
            on_failure.callback(self._store.close)
            self._loader = Loader(self._store, snapshot)
            self._index = self._loader.index(self._config)
            self.follow()
            on_failure.pop_all()
        self._keepers = []
        if snapshot is not None:
            self._keepers.append(Keeper(self._snapshot_is_due, self.save, _SECONDS, at_once=True))
        if self._config.approximate_from is not None:
            self._keepers.append(Keeper(self._approximation_is_due, self.approximate, _SECONDS, at_once=True))
            self._keepers.append(Keeper(lambda: bool(self._index.unmeasured()), self.measure_filters, _SECONDS))

    def close(self) -> None:
        """Write the snapshot and close the database."""
        for keeper in self._keepers:
            keeper.close()
        try:
            self.save()
        finally:
            super().close()

    def save(self) -> None:
        """Write what the snapshot lacks, where there is to be one."""
        self._loader.save(self._lacking())

    def approximate(self) -> None:
        """Make the approximate indexes anew; until they are done the search goes on as it was."""
        index = self._index
        for covered in index.approximated:
            with self._lock.write():
                index.begin_copy(covered)
            parts = list(self._copies(index, covered, 0))
            if not parts:
                return
            numbers, vectors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            made, last = ApproximateIndex(numbers, vectors, trials(vectors)), int(numbers[-1])
            for newer, theirs in self._copies(index, covered, last):
                made.add(newer, theirs)
                last = int(newer[-1])
            with self._lock.write():
                index.install(covered, made, last)

    def measure_filters(self) -> None:
        """Measure the recall with each filter that was asked for; until then such searches compare every face."""
        index = self._index
        for covered, query in index.unmeasured():
            with self._lock.read():
                passing = index.allowed(replace(query, exclude=None)).copy()
                some = index.sample(_SAMPLE)
            rest = np.setdiff1d(some, passing)
            faces, others = (
                self._chosen(index, covered, numbers) for numbers in (passing, rest if len(rest) else some)
            )
            index.measure(covered, query, faces, others[1], self._lock.read)

    def _chosen(self, index: Index, covered: Covered, numbers: Numbers) -> tuple[Numbers, Vector]:
        """The vectors of some faces, copied some at a time."""
        parts = []
        for start in range(0, max(len(numbers), 1), _COPIED):
            with self._lock.read():
                parts.append(index.chosen(covered, numbers[start : start + _COPIED]))
        there, vectors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return there, vectors

    def _copies(self, index: Index, covered: Covered, after: int) -> Iterator[tuple[Numbers, Vector]]:
        """The numbers and vectors of all faces after a number, some at a time, so that nobody waits long for them."""
        while True:
            with self._lock.read():
                numbers, vectors = index.copied(covered, after, _COPIED)
            if not len(numbers):
                return
            yield numbers, vectors
            after = int(numbers[-1])

    def recall(self) -> dict[str, float]:
        with self._lock.read():
            return self._index.recall

    def census(self) -> dict[str, int]:
        self.follow()
        with self._lock.read():
            return self._index.census()

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        # Mostly nothing has changed: the statement that fetches what was found also tells whether that is so.
        followed = False
        while True:
            sequence, hits = self._hits(queries)
            wanted = dict[int, Vector]()
            for hit in hits:
                wanted.update(zip(hit.numbers, hit.embeddings, strict=True))
            latest, found = self._store.find(wanted)
            # A face that was deleted since the index was searched is not there; the next round is without it. Where
            # nothing changed, somebody took it out of the database by hand.
            if latest == sequence or (followed and len(found) == len(wanted)):
                return [
                    Results(query.matches([found[number] for number in hit.numbers if number in found]), hit.searched)
                    for query, hit in zip(queries, hits, strict=True)
                ]
            self.follow()
            followed = True

    def _hits(self, queries: Sequence[Query]) -> tuple[int, list[Hits]]:
        """The number of the latest change that the index knows, and what it finds."""
        try:
            with self._lock.read():
                return self._index.sequence, [self._index.search(query) for query in queries]
        except InvalidRequest:
            # What does not fit an older state may fit the present one.
            self.follow()
            with self._lock.read():
                return self._index.sequence, [self._index.search(query) for query in queries]

    def follow(self) -> None:
        """Apply the store's changes up to now."""
        if self._index.sequence == self._store.sequence():
            return
        # The database is asked while others search.
        with self._following:
            try:
                while changes := self._store.changes_since(self._index.sequence, _BATCH):
                    with self._lock.write():
                        self._index.apply(changes)
                    self._loader.forget(change.face for change in changes if isinstance(change, Deletion))
            except Forgotten:
                fresh = self._loader.index(self._config)
                with self._lock.write():
                    self._index = fresh

    def _approximation_is_due(self) -> bool:
        self.follow()
        with self._lock.read():
            return self._index.approximation_is_due

    def _snapshot_is_due(self) -> bool:
        return sum(self._lacking().values()) >= max(_MANY, len(self._index) // 20)

    def _lacking(self) -> dict[int, int]:
        """The blocks that the snapshot lacks, with the number of their faces."""
        self.follow()
        with self._lock.read():
            return self._loader.lacking(self._index.numbers, self._index.sequence)
