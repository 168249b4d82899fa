"""Who is enrolled: the store, and the index that follows it."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

import numpy as np

from gallery.base_gallery import BaseGallery
from gallery.concurrency.periodic_thread import Keeper
from gallery.index.approximate import ApproximateIndex
from gallery.index.index import Hits, IndexConfig
from gallery.index.sample_queries import trials
from gallery.index.view import View
from gallery.loading import Loader
from gallery.query import Query, Results
from gallery.records import Deletion, EnrolledFace
from gallery.store.changes import Forgotten
from model.errors import InvalidRequest

_BATCH = 10_000
"""Changes taken from the store at a time: about 10 MB."""
_SECONDS = 60.0
"""How often it is asked whether a snapshot is due."""
_MANY = 10_000
"""Faces that it lacks, or a twentieth of all where that is more, with which it is."""
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
        self._following, self._changing = Lock(), False
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
            with self._following:
                index.begin_copy(covered)
            parts = list(index.view.copies(covered, 0))
            if not parts:
                return
            numbers, vectors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            made, last = ApproximateIndex(numbers, vectors, trials(vectors)), int(numbers[-1])
            for newer, theirs in index.view.copies(covered, last):
                made.add(newer, theirs)
                last = int(newer[-1])
            with self._following:
                index.install(covered, made, last)

    def measure_filters(self) -> None:
        """Measure the recall with each filter that was asked for; until then such searches compare every face."""
        index = self._index
        for covered, query in index.unmeasured():
            index.measure(covered, query, _SAMPLE)

    def recall(self) -> dict[str, float]:
        return self._index.recall

    def census(self) -> dict[str, int]:
        self.follow()
        return dict(self._index.view.models)

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        # Mostly nothing has changed: the statement that fetches what was found also tells whether that is so. Where
        # much is written, every search would be made twice.
        followed = self._changing
        self._changing = followed and self.follow()
        while True:
            view = self._index.view
            try:
                latest, complete, results = self._answers(view, queries)
            except InvalidRequest:
                # What does not fit an older state may fit the present one.
                if followed:
                    raise
            else:
                # A face that was deleted since the view was made is not in the store; the next round is without it.
                # Where nothing changed, somebody took it out of the database by hand.
                if latest == view.sequence or (followed and complete):
                    return results
            self._changing = self.follow()
            followed = True

    def _answers(self, view: View, queries: Sequence[Query]) -> tuple[int, bool, list[Results]]:
        """The number of the latest change, whether the store had all that was proposed, and what it then found."""
        searches, hits = [self._index.search(view, query) for query in queries], dict[int, Hits]()
        wanted = {place: next(search) for place, search in enumerate(searches)}
        complete, latest, known = True, 0, dict[int, EnrolledFace]()
        while wanted:
            # What all of them ask for is one statement.
            numbers = set(np.concatenate(list(wanted.values())).tolist())
            latest, known = self._store.find(numbers)
            complete &= len(known) == len(numbers)
            for place in list(wanted):
                try:
                    wanted[place] = searches[place].send(known)
                except StopIteration as ended:
                    hits[place] = ended.value
                    del wanted[place]
        found = [hits[place] for place in range(len(queries))]
        return (
            latest,
            complete,
            [Results(query.matches(hit.faces), hit.searched) for query, hit in zip(queries, found, strict=True)],
        )

    def follow(self) -> bool:
        """Apply the store's changes up to now; whether there were any."""
        if self._index.view.sequence == self._store.sequence():
            return False
        # Others search meanwhile.
        with self._following:
            try:
                while changes := self._store.changes_since(self._index.view.sequence, _BATCH):
                    self._index.apply(changes)
                    self._loader.forget(change.face for change in changes if isinstance(change, Deletion))
            except Forgotten:
                self._index = self._loader.index(self._config)
        return True

    def _approximation_is_due(self) -> bool:
        self.follow()
        return self._index.approximation_is_due

    def _snapshot_is_due(self) -> bool:
        return sum(self._lacking().values()) >= max(_MANY, len(self._index) // 20)

    def _lacking(self) -> dict[int, int]:
        """The blocks that the snapshot lacks, with the number of their faces."""
        self.follow()
        view = self._index.view
        return self._loader.lacking(view.numbers(), view.sequence)
