"""Pictures that are nearly the same."""

from dataclasses import dataclass

import faiss
import numpy as np

from model.attributes import SPACES, Vector, part
from model.engine.backend import Pixels
from model.images.ssim import ssim

NEIGHBOURS = 8
"""Pictures that each is compared with: the nearest in all unit sub-vectors together."""
LEAST_COSINE = 0.8
"""Mean cosine of the unit sub-vectors below which two pictures are not compared."""
FLAGGED = 0.9
LISTED = 0.75
"""Least structural similarity of two crops to be called near-duplicates, and to be listed at all."""


@dataclass(frozen=True)
class Duplicate:
    """Two rows, the first the smaller, and the structural similarity of their crops."""

    first: int
    second: int
    similarity: float


def duplicates(embeddings: Vector, crops: Pixels) -> list[Duplicate]:
    """Pairs of similar crops `(n, h, w, 3)`, most similar first, among the nearest neighbours of their embeddings."""
    if len(embeddings) < 2:
        return []
    unit = [part(embeddings, attribute) for attribute, space in SPACES.items() if space.unit]
    vectors = np.ascontiguousarray(np.concatenate(unit, axis=1) / np.sqrt(len(unit)), np.float32)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    cosines, rows = index.search(vectors, min(NEIGHBOURS + 1, len(vectors)))
    near = {
        (min(row, int(other)), max(row, int(other)))
        for row, (others, similarities) in enumerate(zip(rows, cosines, strict=True))
        for other, cosine in zip(others, similarities, strict=True)
        if other != row and cosine >= LEAST_COSINE
    }
    pairs = [Duplicate(first, second, ssim(crops[first], crops[second])) for first, second in sorted(near)]
    return sorted((pair for pair in pairs if pair.similarity >= LISTED), key=lambda pair: -pair.similarity)
