"""Whether an attribute taken from another face arrives in the drawn picture, and the rest stays."""

from dataclasses import dataclass

import numpy as np

from model.attributes import Attribute, distance, part, similarity
from model.backend import Backend
from training.evaluation.faces import Faces, embed_all, render_all


@dataclass(frozen=True)
class EditLaw:
    """What swapping one attribute did, by the model's own reading of the drawn faces."""

    arrived: float
    """Share of pairs in which the attribute is nearer to the source's than to the target's."""
    kept: dict[str, float]
    """Mean similarity of each other attribute to what was asked for."""


def edit_laws(backend: Backend, faces: Faces, pairs: int = 1000, seed: int = 0) -> dict[str, EditLaw]:
    """Swap each attribute between random pairs of different people, draw, and embed again."""
    generator = np.random.default_rng(seed)
    count = len(faces.embeddings)
    targets, sources = (generator.integers(count, size=4 * pairs) for _ in range(2))
    people = np.array([person or key for person, key in zip(faces.labels.people, faces.labels.keys, strict=True)])
    different = people[targets] != people[sources]
    target = faces.embeddings[targets[different][:pairs]]
    source = faces.embeddings[sources[different][:pairs]]
    laws = {}
    for attribute in Attribute:
        swapped = target.copy()
        part(swapped, attribute)[...] = part(source, attribute)
        again = embed_all(backend, render_all(backend, swapped))
        reached = part(again, attribute)
        nearer = distance(attribute, reached, part(source, attribute)) < distance(
            attribute, reached, part(target, attribute)
        )
        kept = {
            str(other): float(similarity(other, part(again, other), part(target, other)).mean())
            for other in Attribute
            if other is not attribute
        }
        laws[str(attribute)] = EditLaw(float(nearer.mean()), kept)
    return laws
