"""One column of prepared crops' labels as an array."""

from collections.abc import Sequence

import numpy as np

from model.attributes import Vector
from training.data.shards import Sample

SIZES = {"teacher": 128, "blendshapes": 52, "pose": 3, "valence_arousal": 2}
"""The columns that hold several numbers, and how many."""


def column(samples: Sequence[Sample], name: str) -> Vector:
    """`(n, size)` of a column of SIZES; a row that is not known is NaN."""
    size = SIZES[name]
    missing = [float("nan")] * size
    rows = [getattr(sample, name) for sample in samples]
    return np.array([missing if row is None else row for row in rows], np.float32).reshape(len(samples), size)
