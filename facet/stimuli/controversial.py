"""Pairs of faces that two models judge most differently.

After Golan, Raju and Kriegeskorte, "Controversial stimuli: Pitting neural networks against each other as models of
human cognition" (2020); the pairs are chosen among drawn faces, not optimised.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from facet.stimuli.stimulus import Embedding, Kind, Stimulus
from model.attributes import Attribute, Vector, part, similarity
from model.errors import InvalidRequest

if TYPE_CHECKING:
    from facet.library import Facet

_Numbers = NDArray[np.float64]


class Controversial(Kind):
    """The chosen pairs, one face after the other, with how similar each model finds the two.

    A rank is the share of all pairs of candidates that the model finds less similar.
    """

    kind: Literal["controversial"] = "controversial"
    attribute: Attribute
    other: str
    """The id of the other model."""
    faces: list[Embedding]
    similarities: list[tuple[float, float]]
    ranks: list[tuple[float, float]]

    @property
    def in_a_row(self) -> int:
        """A pair."""
        return 2

    def plan(self, model: "Facet") -> Sequence[Stimulus]:
        """Two faces a pair; the table has both models' similarities and ranks."""
        del model
        if not 2 * len(self.similarities) == 2 * len(self.ranks) == len(self.faces):
            raise InvalidRequest("Each pair has two faces, two similarities and two ranks.")
        return [
            Stimulus(f"pair-{number // 2 + 1:03}-{'ab'[number % 2]}", face, self._columns(number // 2))
            for number, face in enumerate(self.faces)
        ]

    def _columns(self, pair: int) -> dict[str, float]:
        names = ("similarity", "other_similarity", "rank", "other_rank")
        return {"pair": pair + 1, **dict(zip(names, self.similarities[pair] + self.ranks[pair], strict=True))}


def controversial(
    model: "Facet", other: "Facet", attribute: Attribute, pairs: int, candidates: int, seed: int
) -> Controversial:
    """The pairs of drawn faces whose similarity the two models rank most differently; no face is in two of them.

    Both models read the drawings of the first. Raises InvalidRequest where there are not enough candidates.
    """
    if not 2 * pairs <= candidates:
        raise InvalidRequest(f"{pairs} pairs need at least {2 * pairs} candidates.")
    faces = model.sample(candidates, seed)
    drawn = model.render(faces)
    first, second = np.triu_indices(candidates, 1)
    alike = np.stack([_alike(judge, drawn, attribute)[first, second] for judge in (model, other)], axis=1)
    ranks = (rankdata(alike, axis=0) - 1.0) / max(len(alike) - 1, 1)
    chosen = _disjoint(first, second, np.argsort(-np.abs(ranks[:, 0] - ranks[:, 1]), kind="stable"), pairs)
    return Controversial(
        attribute=attribute,
        other=other.id,
        faces=[faces[number] for pair in chosen for number in (first[pair], second[pair])],
        similarities=[(float(alike[pair, 0]), float(alike[pair, 1])) for pair in chosen],
        ranks=[(float(ranks[pair, 0]), float(ranks[pair, 1])) for pair in chosen],
    )


def _alike(judge: "Facet", drawn: NDArray[np.uint8], attribute: Attribute) -> Vector:
    """How similar a model finds each two drawings `(n, n)`."""
    read = part(judge.embed(drawn, align="none", progress=False), attribute)
    return similarity(attribute, read[:, None], read[None])


def _disjoint(first: NDArray[np.int64], second: NDArray[np.int64], order: NDArray[np.int64], pairs: int) -> list[int]:
    """The first so many pairs in an order that share no face."""
    used, chosen = set[int](), list[int]()
    for pair in order.tolist():
        both = {int(first[pair]), int(second[pair])}
        if not both & used:
            used |= both
            chosen.append(pair)
        if len(chosen) == pairs:
            break
    return chosen
