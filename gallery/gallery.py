"""Who is enrolled: the store, and the index that follows it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gallery.base_gallery import BaseGallery
from gallery.index.approximate import ApproximateIndex
from gallery.index.index import Hits, Index, IndexConfig
from gallery.index.sample_queries import trials
from gallery.index.snapshot import Snapshot
from gallery.periodic_thread import Keeper
from gallery.query import Query, Results
from gallery.read_write_lock import ReadWriteLock
from gallery.records import Amendment, Deletion, EnrolledFace, Receipt
from gallery.store.store import Seen
from model.attributes import Vector
from model.errors import InvalidRequest

_BATCH = 10_000
"""Changes taken from the store at a time: about 10 MB."""
_SECONDS = 60.0
"""How often it is asked whether a snapshot is due."""
_MANY = 10_000
"""Changes, or a tenth of all faces where that is more, after which it is."""


class Gallery(BaseGallery):
    """A gallery that searches in this process."""

    def __init__(self, url: str, snapshot: Path | None = None, config: IndexConfig | None = None) -> None:
        """Open the gallery in the database at a SQLAlchemy URL, and bring every embedding into memory.

        `snapshot` names a file that makes this fast: it is written after many changes and when the gallery closes,
        removed before a deletion or change is acknowledged, and made anew where it is damaged. Several galleries may
        share it.
        """
        super().__init__(url)
        if snapshot is not None and self.database.seals:
            # It would hold in plain what the database holds sealed.
            snapshot.unlink(missing_ok=True)
            snapshot = None
        self._config = config or IndexConfig()
        self._snapshot = None if snapshot is None else Snapshot(snapshot, self._store.name(), self._config)
        self._lock = ReadWriteLock()
        with ExitStack() as on_failure:
            on_failure.callback(self._store.close)
            self._index = self._restored()
            self.follow()
            on_failure.pop_all()
        self._keepers = [] if snapshot is None else [Keeper(self._snapshot_is_due, self.save, _SECONDS)]
        if self._config.approximate_from is not None:
            self._keepers.append(Keeper(self._approximation_is_due, self.approximate, _SECONDS, at_once=True))

    def close(self) -> None:
        """Write the snapshot and close the database."""
        for keeper in self._keepers:
            keeper.close()
        try:
            self.save()
        finally:
            super().close()

    def save(self) -> None:
        """Write the snapshot, where there is to be one."""
        if self._snapshot is None:
            return
        while True:
            self.follow()
            if self._snapshot.sequence == self._index.sequence:
                return
            with self._snapshot.locked(), self._lock.read():
                # Nobody deletes a face while the snapshot is locked, but somebody may have before.
                if not self._store.erased_since(self._index.sequence):
                    self._snapshot.save(self._index)
                    return

    def approximate(self) -> None:
        """Make the approximate indexes anew; until they are done the search goes on as it was."""
        for covered in self._index.approximated:
            with self._lock.read():
                numbers, vectors = self._index.copied(covered)
            made = ApproximateIndex(numbers, vectors, trials(vectors))
            with self._lock.write():
                self._index.install(covered, made)

    def recall(self) -> dict[str, float]:
        with self._lock.read():
            return self._index.recall

    def change(self, id: str, amendment: Amendment, seen: Seen = None) -> EnrolledFace:
        with self._without_snapshot():
            return super().change(id, amendment, seen)

    def delete(self, id: str, seen: Seen = None) -> Receipt:
        with self._without_snapshot():
            return super().delete(id, seen)

    def delete_subject(self, subject: str, collection: str | None = None, seen: Seen = None) -> Receipt:
        with self._without_snapshot():
            return super().delete_subject(subject, collection, seen)

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
        erased = False
        with self._lock.write():
            while changes := self._store.changes_since(self._index.sequence, _BATCH):
                self._index.apply(changes)
                erased = erased or any(isinstance(change, Deletion) for change in changes)
        if erased:
            # Another process deleted them, or this one was stopped while it did.
            with self._without_snapshot():
                pass

    def _approximation_is_due(self) -> bool:
        self.follow()
        with self._lock.read():
            return self._index.approximation_is_due

    def _snapshot_is_due(self) -> bool:
        assert self._snapshot is not None
        changes = self._index.sequence - (self._snapshot.sequence or 0)
        return changes >= max(_MANY, len(self._index) // 10)

    def _restored(self) -> Index:
        """The index in the snapshot, or an empty one."""
        if self._snapshot is None:
            return Index(self._config)
        with self._snapshot.locked():
            return self._snapshot.load(self._store.sequence()) or Index(self._config)

    @contextmanager
    def _without_snapshot(self) -> Iterator[None]:
        """Remove the snapshot after what happens inside; nobody writes one meanwhile."""
        if self._snapshot is None:
            yield
            return
        with self._snapshot.locked():
            yield
            self._snapshot.drop()
