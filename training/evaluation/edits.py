"""Whether an attribute taken from another face arrives in the drawn picture, and the rest stays."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attributes import Attribute, Vector, distance, part, similarity
from model.engine.backend import Backend
from training.evaluation.faces import Faces, embed_all, render_all

REACHED_POSE = math.radians(8.0)
"""A pose has arrived when it is no further than this from the source's, as a Euclidean distance of three angles."""
MOST_PAIRS, PAIRS_A_FACE = 1000, 5
"""How many swaps are judged: more of few faces would only draw the same ones again."""


@dataclass(frozen=True)
class Pairs:
    """Rows of faces: each target takes an attribute from its source, who is another person."""

    targets: NDArray[np.integer]
    sources: NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class EditLaw:
    """What swapping one attribute did, by the model's own reading of the drawn faces."""

    arrived: float
    """Share of pairs in which the attribute is nearer to the source's than to the target's; of pose, in which it is
    within 8 degrees of the source's."""
    kept: dict[str, float]
    """Mean similarity of each other attribute to what was asked for."""


def random_swaps(faces: Faces, count: int, seed: int = 0, usable: NDArray[np.bool_] | None = None) -> Pairs:
    """Random pairs of different people, at most `count`, among the usable faces (all by default).

    Raises ValueError if the usable faces do not show two people.
    """
    generator = np.random.default_rng(seed)
    people = np.array([person or key for person, key in zip(faces.labels.people, faces.labels.keys, strict=True)])
    rows = np.arange(len(people)) if usable is None else np.flatnonzero(usable)
    if len(set(people[rows])) < 2:
        raise ValueError("swaps need the faces of at least two people")
    targets, sources = (generator.choice(rows, 4 * count) for _ in range(2))
    different = people[targets] != people[sources]
    return Pairs(targets[different][:count], sources[different][:count])


def swapped(faces: Faces, pairs: Pairs, attribute: Attribute) -> Vector:
    """The targets' embeddings `(n, 99)` with one attribute of the sources."""
    embeddings: Vector = faces.embeddings[pairs.targets].copy()
    part(embeddings, attribute)[...] = part(faces.embeddings[pairs.sources], attribute)
    return embeddings


def edit_laws(backend: Backend, faces: Faces, pairs: int = MOST_PAIRS, seed: int = 0) -> dict[str, EditLaw]:
    """Swap each attribute between random pairs of different people, draw, and embed again.

    There are at most `pairs`, and of few faces no more than `PAIRS_A_FACE` for each.
    """
    chosen = random_swaps(faces, min(pairs, PAIRS_A_FACE * len(faces.embeddings)), seed)
    target, source = faces.embeddings[chosen.targets], faces.embeddings[chosen.sources]
    laws = {}
    for attribute in Attribute:
        again = embed_all(backend, render_all(backend, swapped(faces, chosen, attribute)))
        kept = {
            str(other): float(similarity(other, part(again, other), part(target, other)).mean())
            for other in Attribute
            if other is not attribute
        }
        laws[str(attribute)] = EditLaw(float(_arrived(attribute, again, source, target).mean()), kept)
    return laws


def _arrived(attribute: Attribute, again: Vector, source: Vector, target: Vector) -> NDArray[np.bool_]:
    to_source = distance(attribute, part(again, attribute), part(source, attribute))
    if attribute is Attribute.POSE:
        return np.asarray(to_source <= REACHED_POSE)
    return np.asarray(to_source < distance(attribute, part(again, attribute), part(target, attribute)))
