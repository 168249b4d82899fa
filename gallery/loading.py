"""The index made at a start: of each block of faces from the snapshot, or else from the store."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from gallery.index.face_columns import FaceColumns
from gallery.index.faiss_library import Numbers
from gallery.index.index import Index, IndexConfig
from gallery.index.snapshot import Snapshot
from gallery.store.block_keys import block_of, numbers_of, passed
from gallery.store.store import Store

_BATCH = 10_000
"""Faces taken from the store at a time: about 10 MB."""
_READERS = 4
"""Threads that read the snapshot."""
_KEYS = 64
"""Keys taken from the store at a time."""


class Loader:
    """Makes the index of a store, and keeps a snapshot of the blocks that the sequence has passed.

    The snapshot is written from the store alone, so that no search waits for it.
    """

    def __init__(self, store: Store, folder: Path | None) -> None:
        """`folder` is that of the snapshot; without one every face comes from the store."""
        self._store = store
        self._snapshot = None if folder is None else Snapshot(folder, store.name())
        self.kept = set[int]()
        """The blocks that are in the snapshot as far as this process knows."""

    def index(self, config: IndexConfig) -> Index:
        """An index after the latest change of the store."""
        index = Index(config)
        latest, keys = self._store.block_keys()
        for faces in self._faces(latest, keys):
            index.load(faces)
        index.loaded(latest)
        if self._snapshot is not None:
            self._snapshot.clear(keys)
        return index

    def forget(self, erased: Iterable[int]) -> None:
        """Note that faces were erased, and with them the keys of their blocks."""
        self.kept.difference_update({block_of(number) for number in erased})

    def lacking(self, numbers: Numbers, sequence: int) -> dict[int, int]:
        """How many of some faces, by their ascending numbers, each block has that is passed and not in the snapshot."""
        if self._snapshot is None:
            return {}
        ends = [numbers_of(block)[1] for block in range(passed(sequence))]
        counts = np.diff(np.searchsorted(numbers, ends, side="right"), prepend=0)
        return {block: int(counts[block]) for block in np.flatnonzero(counts).tolist() if block not in self.kept}

    def save(self, blocks: Iterable[int]) -> None:
        """Put these blocks, which the sequence has passed, into the snapshot, and remove what nobody can read."""
        if self._snapshot is None:
            return
        wanted = sorted(blocks)
        for start in range(0, len(wanted), _KEYS):
            some = wanted[start : start + _KEYS]
            # Before the keys are read: whoever erases a face afterwards has the block noted as lacking again.
            self.kept.update(some)
            done = False
            try:
                done = self._save(self._snapshot, some)
            finally:
                if not done:
                    self.kept.difference_update(some)
            if not done:
                return
        self._snapshot.clear(self._store.block_keys()[1])

    def _save(self, snapshot: Snapshot, blocks: list[int]) -> bool:
        """Write some blocks; whether there was room."""
        for block, key in self._store.make_block_keys(blocks).items():
            first, last = numbers_of(block)
            faces = self._store.enrolled(first, last, last - first)
            if faces and not snapshot.write(block, key, FaceColumns.of(faces)):
                return False
        return True

    def _faces(self, latest: int, keys: dict[int, bytes]) -> Iterator[FaceColumns]:
        """All faces up to a number, in the order of their numbers."""
        done = 0
        # A block that another process wrote meanwhile may go beyond the number.
        for block, faces in self._read(sorted(block for block in keys if block < passed(latest)), keys):
            first, last = numbers_of(block)
            self.kept.add(block)
            yield from self._from_store(done, first)
            yield faces
            done = last
        yield from self._from_store(done, latest)

    def _read(self, blocks: list[int], keys: dict[int, bytes]) -> Iterator[tuple[int, FaceColumns]]:
        """The blocks that the snapshot has, in order; some are read and opened while others are taken over."""
        snapshot, waiting, left = self._snapshot, deque[tuple[int, Future[FaceColumns | None]]](), iter(blocks)
        if snapshot is None:
            return
        with ThreadPoolExecutor(_READERS, "snapshot") as threads:
            while True:
                for block in islice(left, 2 * _READERS - len(waiting)):
                    waiting.append((block, threads.submit(snapshot.read, block, keys[block])))
                if not waiting:
                    return
                block, reading = waiting.popleft()
                faces = reading.result()
                if faces is not None:
                    yield block, faces

    def _from_store(self, after: int, last: int) -> Iterator[FaceColumns]:
        while after < last and (enrolments := self._store.enrolled(after, last, _BATCH)):
            yield FaceColumns.of(enrolments)
            after = enrolments[-1].sequence
