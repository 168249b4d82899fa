"""A gallery whose faces are found by Milvus."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import numpy as np

from gallery.base_gallery import BaseGallery
from gallery.concurrency.periodic_thread import Keeper
from gallery.index.metadata_filter import facts
from gallery.index.vector_space import MARGIN, WHOLE, directions, whole
from gallery.milvus.collection import MOST, MilvusCollection
from gallery.milvus.filters import expression
from gallery.milvus.follower import Follower
from gallery.milvus.rows import ANGLES, COMPOSED, SINGLE, State
from gallery.query import Query, Results
from gallery.records import EnrolledFace, Receipt
from gallery.store.store import Seen
from model.attributes import Attribute, part
from model.errors import InvalidRequest, NotFound

SPARE = 16
"""Faces asked for beyond the k-th, which mostly settle at once that nothing else is as good."""
_MORE = 4
"""How many times as many faces each round asks for."""
_ROUNDS = 3
"""How often queries are answered again because others wrote meanwhile."""
_AT_A_TIME = 8
"""Queries of one batch that wait for Milvus at a time."""
_EXACT_BELOW = 50_000
"""So few faces, as a filter leaves, are compared one by one."""
_SECONDS = 1.0
"""How often changes are followed while nobody searches."""
_REBUILD_SECONDS = 60.0


@dataclass(frozen=True)
class MilvusConfig:
    """Where Milvus is, and how it searches."""

    uri: str
    """The address of a server, or for Milvus Lite a path that ends in `.db`."""
    token: str = ""
    """What the server wants to let anybody in: `user:password`, or an API key; none if empty."""
    approximate_from: int | None = None
    """So many faces are searched approximately; None never does."""


class MilvusGallery(BaseGallery):
    """Writes to the database, and has a Milvus collection find what is there, which follows the database's changes.

    Milvus proposes faces; they are read from the database and ranked by their exact scores, so that where Milvus
    compares every face, nothing but what every other gallery gives is given. Composed queries and poses, and whatever
    a filter leaves fewer than 50,000 faces of, are always compared so. Beside what any gallery raises, searches and
    erasures raise Unavailable while Milvus does not answer; everything else goes on.
    """

    def __init__(self, url: str, config: MilvusConfig) -> None:
        """Open the gallery in the database at a SQLAlchemy URL; Milvus may come up later."""
        super().__init__(url)
        name = self._store.name().replace("-", "_")
        self.vectors = MilvusCollection(config.uri, config.token, f"facet_{name}")
        """What Milvus holds of it."""
        self._follower = Follower(self._store, self.vectors, config.approximate_from)
        self._threads = ThreadPoolExecutor(_AT_A_TIME, "milvus")
        self._keepers = [
            Keeper(lambda: True, self.follow, _SECONDS),
            Keeper(lambda: True, self._follower.refresh, _REBUILD_SECONDS),
        ]
        if config.approximate_from is not None:
            self._keepers.append(Keeper(self._follower.rebuild_is_due, self._rebuild, _REBUILD_SECONDS))

    def close(self) -> None:
        """Close the connections to Milvus and to the database."""
        for keeper in self._keepers:
            keeper.close()
        self._threads.shutdown()
        self.vectors.close()
        super().close()

    def follow(self) -> None:
        """Have Milvus know every change of the database up to now. Raises Unavailable."""
        self._follower.reach(self._store.sequence())

    def rebuild(self) -> bool:
        """Make the Milvus collection anew from the database, while the present one is searched.

        Gives whether this process did it, and no other is at it. Raises Unavailable.
        """
        return self._follower.rebuild()

    def faces(self) -> int:
        """How many faces Milvus has. Raises Unavailable."""
        return self.vectors.count("")

    def compact(self) -> None:
        """Have Milvus write its files anew without what was erased. Raises Unavailable."""
        self.vectors.compact()

    def delete(self, id: str, seen: Seen = None) -> Receipt:
        """Delete one face of the collections that are seen; once this returns, Milvus has it no more.

        Raises NotFound, and Unavailable where the face is deleted but Milvus has not said so; ask again then.
        """
        try:
            receipt = super().delete(id, seen)
        except NotFound:
            # It may be an erasure that Milvus did not confirm, asked for again.
            self.follow()
            raise
        self._follower.reach(receipt.sequence)
        return receipt

    def delete_subject(self, subject: str, collection: str | None = None, seen: Seen = None) -> Receipt:
        """Delete all faces of a subject, as any gallery; once this returns, Milvus has them no more.

        Raises Unavailable where they are deleted but Milvus has not said so; ask again then.
        """
        receipt = super().delete_subject(subject, collection, seen)
        self._follower.reach(receipt.sequence)
        return receipt

    def _rebuild(self) -> None:
        self.rebuild()

    def recall(self) -> dict[str, float]:
        return dict(self._follower.state.recalls)

    def census(self) -> dict[str, int]:
        self.follow()
        counts, known = dict[str, int](), list[int]()
        while rows := self.vectors.rows(f"number > 0 and model not in {known}" if known else "", ["model"], 1):
            known.append(rows[0]["model"])
            one = f"number > 0 and model == {known[-1]}"
            [there] = self.vectors.rows(one, ["number"], 1) or [{"number": 0}]
            for face in self._store.find([there["number"]])[1].values():
                counts[face.model] = self.vectors.count(one)
        return counts

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        """The answer to each query, with every write before this call.

        All are of one state of the gallery, but where others write without a break: then each is of a state that was.
        """
        results = list[Results]()
        for _ in range(_ROUNDS):
            latest = self._store.sequence()
            state = self._follower.reach(latest)
            results = self._answers(queries, state)
            if self._store.sequence() == latest:
                break
        return results

    def _answers(self, queries: Sequence[Query], state: State) -> list[Results]:
        if len(queries) <= 1:
            return [self._answer(query, state) for query in queries]
        # Each thread needs to know what limits the caller's time.
        waiting = [self._threads.submit(copy_context().run, self._answer, query, state) for query in queries]
        return [answer.result() for answer in waiting]

    def _answer(self, query: Query, state: State) -> Results:
        excluded = self._number(query.exclude)
        passing = self._passing(query, excluded)
        find = self._best if query.group_by is None else self._best_of_each_subject
        return Results(query.matches(find(_Search(query, excluded, passing, state), query.k)), passing)

    def _number(self, id: str | None) -> int | None:
        """The number of the face that a query leaves out, where it is there."""
        try:
            return None if id is None else self._store.get(id).sequence
        except NotFound:
            return None

    def _passing(self, query: Query, excluded: int | None) -> int:
        """How many faces pass the filters. Raises InvalidRequest where they are of several models and none is named.

        Where `max_degrees` leaves more than 16,384 faces in the box around the pose, it is an estimate from so many.
        """
        wanted = expression(query, excluded)
        if query.max_degrees is not None:
            rows = self.vectors.rows(wanted, ["model", *ANGLES])
            poses = np.array([[row[angle] for angle in ANGLES] for row in rows], np.float32).reshape(-1, len(ANGLES))
            near = query.near_in_pose(poses)
            models = {row["model"] for row, is_near in zip(rows, near, strict=True) if is_near}
            count = int(np.count_nonzero(near))
            if len(rows) == MOST:
                count = round(self.vectors.count(wanted) * count / MOST)
        else:
            count, models = self.vectors.count(wanted), set()
            if query.model is None and count:
                [some] = self.vectors.rows(wanted, ["model"], 1)
                other = " and ".join([wanted or "number > 0", f"model != {some['model']}"])
                models = {row["model"] for row in [some, *self.vectors.rows(other, ["model"], 1)]}
        if query.model is None and len(models) > 1:
            raise InvalidRequest("the faces to search are of several models; name the one that made the query")
        return count

    def _best(self, search: "_Search", k: int, beyond: Collection[str] = ()) -> list[EnrolledFace]:
        """The k best faces that pass the filters and are of none of some subjects, best first."""
        wanted = expression(search.query, search.excluded, beyond)
        found = self._ranked(search, wanted, k, search.field, search.effort)
        if search.effort is not None and len(found) < min(k, search.passing) and search.query.min_similarity is None:
            # The graph around the query holds fewer than there are.
            found = self._ranked(search, wanted, k, COMPOSED, None)
        return found

    def _ranked(self, search: "_Search", wanted: str, k: int, field: str, effort: int | None) -> list[EnrolledFace]:
        query, limit = search.query, min(k + SPARE, MOST)
        toward = whole(directions(query), WHOLE if field == COMPOSED else query.attributes)
        while True:
            hits = self.vectors.nearest(field, toward, limit, wanted, effort)
            _, there = self._store.find([number for number, _ in hits])
            good = [(there[number], score) for number, score in hits
                    if number in there and _passes(query, there[number])]  # fmt: skip
            # Whatever else ties with the k-th is among them, or there is nothing else.
            settled = len(good) >= k and hits[-1][1] < good[k - 1][1] - MARGIN
            if settled or len(hits) < limit or limit == MOST:
                return query.ranked([face for face, _ in good])[:k]
            limit = min(_MORE * limit, MOST)

    def _best_of_each_subject(self, search: "_Search", k: int) -> list[EnrolledFace]:
        """The best face of each of the k best subjects, best first.

        The first face of a subject among the best is its best. A round looks for those whose subjects no round before
        has found; each asks for more faces, so that a subject with many of them does not make for many rounds.
        """
        best, asked = dict[str, EnrolledFace](), min(k, MOST)
        while len(best) < k:
            found = self._best(search, asked, best)
            for face in found:
                best.setdefault(face.subject, face)
            if len(found) < asked:
                break
            asked = min(_MORE * asked, MOST)
        return search.query.ranked(list(best.values()))[:k]


@dataclass(frozen=True)
class _Search:
    """A query, and what it takes to answer it."""

    query: Query
    excluded: int | None
    passing: int
    """How many faces pass its filters."""
    state: State

    @property
    def effort(self) -> int | None:
        """What the approximate index takes; None where every face is compared."""
        [first, *others] = self.query.attributes
        approximate = self.state.approximate and not others and first in SINGLE
        filtered = bool(expression(self.query, self.excluded))
        if not approximate or (filtered and self.passing <= _EXACT_BELOW):
            return None
        return self.state.efforts.get(first.value)

    @property
    def field(self) -> str:
        """The vector field to search."""
        [first, *others] = self.query.attributes
        exact = self.state.approximate and self.effort is None
        return COMPOSED if others or first not in SINGLE or exact else first.value


def _passes(query: Query, face: EnrolledFace) -> bool:
    """Whether the store says of a face, too, that it passes: of poses and hashes Milvus lets more through."""
    wanted = ((query.collection, face.collection), (query.subject, face.subject), (query.model, face.model))
    named = all(asked in (None, is_) for asked, is_ in wanted)
    stated = set(facts(query.metadata)) <= set(facts(face.metadata)) if query.metadata else True
    near = bool(query.near_in_pose(part(face.embedding, Attribute.POSE)[np.newaxis])[0])
    return named and stated and near and query.is_good(face.quality) and face.id != query.exclude
