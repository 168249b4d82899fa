"""Pairs of faces that two models judge most differently.

After Golan, Raju and Kriegeskorte, "Controversial stimuli: Pitting neural networks against each other as models of
human cognition" (2020); the pairs are chosen among drawn faces, not optimised.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.attributes import Attribute, Vector, part, similarity
from model.errors import InvalidRequest
from worker.stimuli.controversial import Controversial

if TYPE_CHECKING:
    from facet.library import Facet


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
    ranks = np.stack([_ranks(column) for column in alike.T], axis=1)
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


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The share of the other values that are below each `(n,)`; those that are the same count half."""
    order = np.sort(values)
    below = np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") - 1
    return np.asarray(below / (2.0 * max(len(values) - 1, 1)))


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
