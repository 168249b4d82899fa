"""Whether a network that took no part in training sees the person whom a swap should show."""

from dataclasses import dataclass

import numpy as np

from model.attributes import Attribute, Vector
from model.engine.backend import Backend
from training.evaluation.edits import random_swaps, swapped
from training.evaluation.faces import Faces, enlarged, render_all
from training.evaluation.outside.faceres import Features
from training.evaluation.report import percent


@dataclass(frozen=True)
class OutsideView:
    """Cosines are of features less their mean over the photographs: 0 between strangers."""

    pairs: int
    arrived: float
    """Share of swaps of identity after which the drawn face is nearer to the source than to the target."""
    reconstructed: float
    """Mean cosine of a photograph and its reconstruction."""
    kept: dict[str, float]
    """Mean cosine of the target's photograph and the face drawn with another attribute swapped."""


def view_edits(backend: Backend, faces: Faces, network: Features, pairs: int = 500, seed: int = 0) -> OutsideView:
    """Swap each attribute between random pairs of people and compare the drawn faces with both photographs."""
    size = faces.pixels.shape[1]
    photographs = network.features(faces.pixels)
    mean = photographs.mean(axis=0)
    seen = _unit(photographs - mean)
    chosen = random_swaps(faces, pairs, seed)

    def look(embeddings: Vector) -> Vector:
        return _unit(network.features(enlarged(render_all(backend, embeddings), size)) - mean)

    swaps = {attribute: look(swapped(faces, chosen, attribute)) for attribute in Attribute}
    target, source = seen[chosen.targets], seen[chosen.sources]
    identity = swaps.pop(Attribute.IDENTITY)
    reconstructed = look(faces.embeddings[chosen.targets])
    return OutsideView(
        pairs=len(chosen),
        arrived=float(np.mean((identity * source).sum(axis=1) > (identity * target).sum(axis=1))),
        reconstructed=float((reconstructed * target).sum(axis=1).mean()),
        kept={str(attribute): float((drawn * target).sum(axis=1).mean()) for attribute, drawn in swaps.items()},
    )


def rows(view: OutsideView) -> list[list[str]]:
    """The view as a table."""
    return [
        ["seen by a network that took no part in training", ""],
        ["identity arrived after its swap", percent(view.arrived)],
        ["cosine of photograph and reconstruction", f"{view.reconstructed:.3f}"],
        *([f"cosine of photograph and face, {name} swapped", f"{cosine:.3f}"] for name, cosine in view.kept.items()),
    ]


def _unit(features: Vector) -> Vector:
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True).clip(min=1e-9), np.float32)
