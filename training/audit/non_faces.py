"""How little a picture looks like a face to the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector, similarities
from model.engine.backend import Backend, Pixels
from model.images.ssim import ssim
from training.evaluation.faces import embed_all, render_all

FLAGGED = 4.5
"""Robust standard deviations above the median from which a picture is no face. Of 1,471 photographs of faces of people
whom the bundled model was not trained on, none lies beyond it (the strangest at 4.1), and one beyond Iglewicz and
Hoaglin's own 3.5."""
LEAST_DISTANCE = 1e-4


@dataclass(frozen=True)
class Strangeness:
    """Of n pictures."""

    deviation: NDArray[np.float64]
    """`(n,)` in robust standard deviations above the median."""
    similarity: NDArray[np.float64]
    """`(n,)` structural similarity of each crop to what the model draws from its embedding."""
    drawn: Pixels
    """`(n, size, size, 3)`: that drawing."""


def strangeness(backend: Backend, crops: Pixels, embeddings: Vector) -> Strangeness:
    """Reconstruct crops `(n, size, size, 3)`, read the drawings again, and compare embeddings `(n, 99)`.

    The model draws a face whatever it is shown: a face reads like itself again, anything else like the face that was
    drawn. The score is the sum over the attributes of log(1 - similarity), of the embedding and that of the drawing;
    its deviation is counted from the median in units of 1.4826 times the median absolute deviation (Iglewicz and
    Hoaglin, "How to detect and handle outliers", 1993). The structural similarity of crop and drawing itself, which
    is high for anything smooth, is only told.
    """
    drawn = render_all(backend, embeddings)
    again = similarities(embeddings, embed_all(backend, drawn)).values()
    score = np.sum([np.log(np.maximum(1.0 - similarity, LEAST_DISTANCE)) for similarity in again], axis=0)
    median = np.median(score)
    spread = max(1.4826 * float(np.median(np.abs(score - median))), 1e-6)
    alike = np.array([ssim(crop, drawing) for crop, drawing in zip(crops, drawn, strict=True)])
    return Strangeness(np.asarray((score - median) / spread, np.float64), alike, drawn)
