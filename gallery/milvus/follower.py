"""The changes of the store applied to a Milvus collection, by whichever process first needs them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np

from gallery.milvus.collection import MilvusCollection
from gallery.milvus.recall import RecallProbe
from gallery.milvus.rows import FORMAT, State, rows_of
from gallery.records import Change, Deletion, Enrolment
from gallery.store.changes import Forgotten
from gallery.store.store import Store
from model.errors import Unavailable

BATCH = 2000
"""Changes taken from the store at a time: about 2 MB of rows."""
LEAST = 1000
"""Fewer faces get no approximate index."""
PATIENCE_SECONDS = 10.0
"""How long somebody waits while another applies changes."""
_LOOK_SECONDS = 0.02
_APPLIES, _REBUILDS = "milvus", "milvus-rebuild"
"""What one process at a time does."""
_SAMPLE = 4000
"""Numbers drawn at random, to have faces to measure a recall with."""

logger = logging.getLogger("facet.process.gallery")


class Follower:
    """Keeps a Milvus collection in step with the store, beside the followers of any number of other processes.

    One of them at a time applies changes, in the order of the sequence, and writes into the collection itself how far
    it came. One that dies on the way leaves work that the next does again: rows are written under the numbers of their
    enrolments, so that twice is as good as once, and who applies changes goes on until there are no more.
    """

    def __init__(self, store: Store, collection: MilvusCollection, approximate_from: int | None) -> None:
        self._store, self._collection, self._approximate_from = store, collection, approximate_from
        self._turn = Lock()
        self.state = State(0)
        """The latest that this process knows of the collection."""

    def reach(self, sequence: int) -> State:
        """What the collection holds once it has every change up to a number.

        Raises Unavailable where that takes too long.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        if self.state.sequence < max(sequence, 1):
            if not self._turn.acquire(timeout=PATIENCE_SECONDS):
                raise _behind()
            try:
                self._reach(sequence, deadline)
            finally:
                self._turn.release()
        return self.state

    def _reach(self, sequence: int, deadline: float) -> None:
        while not self._knows(sequence):
            with self._store.database.exclusive(_APPLIES) as alone:
                if alone:
                    self._apply()
                    return
            if time.monotonic() > deadline:
                raise _behind()
            time.sleep(_LOOK_SECONDS)

    def refresh(self) -> None:
        """Learn what the collection now holds, which another process may have made anew."""
        self._knows(0)

    def _knows(self, sequence: int) -> bool:
        """Whether the collection has come so far, by whoever's work."""
        state = self._collection.state()
        if state is None or state.format != FORMAT:
            return False
        self.state = state
        return state.sequence >= sequence

    def _apply(self) -> None:
        """Apply all changes; only one process at a time may."""
        state = self._collection.state()
        if state is None or state.format != FORMAT:
            state = self._load_first()
        try:
            self.state = self._catch_up(state, None)
        except Forgotten:
            logger.warning("too much was erased since Milvus last followed: its collection is made anew")
            self.state = self._catch_up(self._load_first(), None)

    def _catch_up(self, state: State, name: str | None) -> State:
        """Apply what came after a state to a collection, by default the one that is searched."""
        # A number that no change has any more, because somebody took its row out of the database, counts as applied.
        latest, done = self._store.sequence(), state
        while changes := self._store.changes_since(done.sequence, BATCH):
            self._write(changes, name)
            done = replace(done, sequence=changes[-1].sequence)
            self._collection.note(done, name)
        if done.sequence < latest:
            done = replace(done, sequence=latest)
            self._collection.note(done, name)
        return done

    def _write(self, changes: Sequence[Change], name: str | None) -> None:
        # First what is there: a face that was changed is at no moment in neither row.
        self._collection.put(rows_of([change for change in changes if isinstance(change, Enrolment)]), name)
        self._collection.remove([change.face for change in changes if isinstance(change, Deletion)], name)

    def _load_first(self) -> State:
        """Fill a collection with all faces, and search it from now on."""
        name, state = self._load(approximate=False)
        self._collection.adopt(name)
        return state

    def _load(self, approximate: bool) -> tuple[str, State]:
        """A new collection with all faces that are there now, its name and what it holds."""
        latest = self._store.sequence()
        name = self._collection.create(approximate)
        probe = self._probe(latest) if approximate else None
        after, faces = 0, 0
        while enrolments := self._store.enrolled(after, latest, BATCH):
            self._collection.put(rows_of(enrolments), name)
            if probe is not None:
                probe.see(enrolments)
            after, faces = enrolments[-1].sequence, faces + len(enrolments)
        state = State(latest, approximate, faces)
        if probe is not None and faces:
            efforts, recalls = probe.measure(self._collection, name)
            state = replace(state, efforts=dict(efforts), recalls=dict(recalls))
        self._collection.note(state, name)
        return name, state

    def _probe(self, latest: int) -> RecallProbe | None:
        drawn = np.random.default_rng(latest).integers(1, latest + 1, _SAMPLE) if latest else np.empty(0, np.int64)
        sample = self._store.find(np.unique(drawn).tolist())[1]
        return RecallProbe([face.embedding for face in sample.values()]) if sample else None

    def rebuild(self) -> bool:
        """Make the collection anew while the present one is searched; whether this process did it.

        Its indexes are then approximate where there are enough faces for that. False where another is at it.
        """
        with self._store.database.exclusive(_REBUILDS) as alone:
            if not alone:
                return False
            count = self._count()
            name, state = self._load(self._approximate_from is not None and count >= max(self._approximate_from, LEAST))
            # Most of what came meanwhile is applied before others have to wait.
            state = self._catch_up(state, name)
            with self._turn:
                self._switch(name, state)
        return True

    def _switch(self, name: str, state: State) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self._store.database.exclusive(_APPLIES) as alone:
                if alone:
                    self.state = self._catch_up(state, name)
                    self._collection.adopt(name)
                    return
            if time.monotonic() > deadline:
                raise _behind()
            time.sleep(_LOOK_SECONDS)

    def rebuild_is_due(self) -> bool:
        """Whether there are enough faces for approximate indexes that are not there, or twice as many as they know."""
        if self._approximate_from is None:
            return False
        state, count = self.reach(self._store.sequence()), self._count()
        return count >= max(self._approximate_from, LEAST) and (not state.approximate or count >= 2 * state.among)

    def _count(self) -> int:
        self.reach(self._store.sequence())
        return self._collection.count("")


def _behind() -> Unavailable:
    return Unavailable("Milvus is still being brought up to the latest changes; try again soon", part="search")
