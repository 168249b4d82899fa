"""How much of the best the approximate indexes of a Milvus collection find, measured on the faces that it holds."""

from collections.abc import Mapping, Sequence

import numpy as np

from gallery.index.sample_queries import QUERIES, RECALL_AT, TARGET_RECALL, trials
from gallery.index.vector_space import MARGIN
from gallery.milvus.collection import MilvusCollection
from gallery.milvus.rows import SINGLE, lifted
from gallery.records import Enrolment
from model.attributes import Attribute, Vector

_FIRST_EFFORT, _LAST_EFFORT = 64, 4096
_CANDIDATES = 32
"""What a search asks for beside the 10 best is ranked by exact scores; fewer are never asked for."""


class RecallProbe:
    """Queries near faces that are there, and the scores of the faces that comparing every one finds best."""

    def __init__(self, sample: Sequence[Vector]) -> None:
        """`sample` are embeddings `(99,)` of faces drawn at random."""
        drawn = np.stack(sample)
        self._asked = {attribute: trials(lifted(drawn, [attribute]))(QUERIES) for attribute in SINGLE}
        self._best: dict[Attribute, Vector] = {
            attribute: np.full((QUERIES, RECALL_AT), -np.inf, np.float32) for attribute in SINGLE
        }
        self._faces = 0

    def see(self, faces: Sequence[Enrolment]) -> None:
        """Compare some more of all faces."""
        embeddings = np.stack([face.embedding for face in faces])
        self._faces += len(faces)
        for attribute, asked in self._asked.items():
            scores = np.concatenate([self._best[attribute], asked @ lifted(embeddings, [attribute]).T], axis=1)
            self._best[attribute] = np.partition(scores, -RECALL_AT, axis=1)[:, -RECALL_AT:]

    def measure(self, collection: MilvusCollection, name: str) -> tuple[Mapping[str, int], Mapping[str, float]]:
        """The least effort that finds enough in each field of a collection, and the recall that it reaches."""
        efforts, recalls = {}, {}
        for attribute in SINGLE:
            effort = _FIRST_EFFORT
            reached = self._recall(collection, name, attribute, effort)
            while reached < TARGET_RECALL and effort < _LAST_EFFORT:
                effort *= 2
                reached = self._recall(collection, name, attribute, effort)
            efforts[attribute.value], recalls[attribute.value] = effort, reached
        return efforts, recalls

    def _recall(self, collection: MilvusCollection, name: str, attribute: Attribute, effort: int) -> float:
        wanted = min(RECALL_AT, self._faces)
        bounds = np.partition(self._best[attribute], -wanted, axis=1)[:, -wanted] - MARGIN
        shares = []
        for asked, bound in zip(self._asked[attribute], bounds.tolist(), strict=True):
            found = collection.nearest(attribute.value, asked, _CANDIDATES, effort=effort, name=name)
            shares.append(min(wanted, sum(score >= bound for _, score in found)) / wanted)
        return float(np.mean(shares))
