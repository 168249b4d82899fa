"""How far random faces are from photographs: the Fréchet distance in a stated feature space."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model.attributes import Vector
from model.engine.backend import Backend
from training.evaluation.faces import Faces, embed_all, enlarged, render_all
from training.evaluation.outside.faceres import Features
from training.evaluation.outside.swaps_by_label_networks import Reader
from training.evaluation.plots import bars
from training.evaluation.report import Report, percent


def frechet_distance(a: Vector, b: Vector) -> float:
    """Squared Fréchet distance of the normal distributions fitted to features `(n, d)` and `(m, d)`.

    |μa - μb|² + tr(Σa + Σb - 2 (Σa Σb)^½); Heusel et al., "GANs trained by a two time-scale update rule", 2017.
    Raises ValueError for fewer than two rows.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("a distribution is fitted to at least two pictures")
    x, y = a.astype(np.float64), b.astype(np.float64)
    covariance_x, covariance_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    # The trace of a matrix's root is the sum of its eigenvalues' roots; a product of covariances has none below 0.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(covariance_x @ covariance_y).real, 0.0))
    apart = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    return float(apart + np.trace(covariance_x) + np.trace(covariance_y) - 2 * roots.sum())


@dataclass(frozen=True)
class Distances:
    """Fréchet distances to the photographs in one feature space."""

    random: float
    """Of random faces."""
    reconstructions: float
    """Of the photographs drawn back: what the decoder's blur alone costs."""
    floor: float
    """Of other photographs, as many as there are: what the finite number of pictures costs."""


@dataclass(frozen=True)
class Generation:
    """Random faces beside photographs."""

    faces: int
    """As many random faces as photographs, so that the distances compare."""
    spaces: dict[str, Distances]
    """By feature space: `embedding`, our own encoder's, with the judges `dlib`, and `faceres`, which no loss used."""
    found: float | None = None
    """Share of random faces in which Face Landmarker finds a face."""


def measure_generation(
    backend: Backend, faces: Faces, seed: int = 0, judges: Reader | None = None, outside: Features | None = None
) -> Generation:
    """Compare as many random faces with a half of the photographs as that half holds; the other half is the floor.

    What is drawn is enlarged to the photographs' size. Raises ValueError for fewer than four faces.
    """
    size = faces.pixels.shape[1]
    rows = np.random.default_rng(seed).permutation(len(faces.embeddings))
    half = len(rows) // 2
    some, others = rows[:half], rows[half : 2 * half]
    pictures = {
        "photographs": faces.pixels[some],
        "random": enlarged(render_all(backend, backend.sample(half, seed)), size),
        "reconstructions": enlarged(render_all(backend, faces.embeddings[some]), size),
        "floor": faces.pixels[others],
    }
    spaces = {"embedding": _distances({name: embed_all(backend, shown) for name, shown in pictures.items()})}
    if outside is not None:
        spaces["faceres"] = _distances({name: outside.features(shown) for name, shown in pictures.items()})
    if judges is None:
        return Generation(half, spaces)
    read = {name: judges.read(shown) for name, shown in pictures.items()}
    spaces["dlib"] = _distances({name: seen.identity[seen.found] for name, seen in read.items()})
    return Generation(half, spaces, float(read["random"].found.mean()))


def _distances(features: Mapping[str, Vector]) -> Distances:
    truth = features["photographs"]
    return Distances(**{name: frechet_distance(features[name], truth) for name in features if name != "photographs"})


def report(model: str, result: Generation) -> Report:
    """The distances in each space, beside what reconstruction and the pictures' number cost."""
    spaces: dict[str, dict[str, Any]] = {name: asdict(distances) for name, distances in result.spaces.items()}
    kinds = ("random", "reconstructions", "floor")
    table = [["Fréchet distance to photographs", "random faces", "reconstructions", "other photographs"]]
    table += [[f"in {name}", *(f"{values[kind]:.4f}" for kind in kinds)] for name, values in spaces.items()]
    tables = [table]
    if result.found is not None:
        tables.append([["face found in random faces", percent(result.found)]])
    plot = bars({kind: {name: values[kind] for name, values in spaces.items()} for kind in kinds}, "Fréchet distance")
    return Report("generation", model, asdict(result), tables, plot)
