"""Where the cells of the detector's maps lie in a picture, what their numbers are, and which count; without torch."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
"""Pixels from one cell to the next on each scale."""
POINTS = 5
OUTPUTS = 1 + 4 + 2 * POINTS
"""Numbers for each cell: score, the four sides' distances, five points."""
FARTHEST = 4.0
"""Logarithm of the farthest that a side can lie from a cell's middle, in strides."""
MIN_SCORE = 0.5
MAX_OVERLAP = 0.35
MIN_SIDE = 16
"""Thinner pictures hold no face."""
FIRST_SIDE = 320
"""Longest side at which pictures are looked at first; larger ones once more at `LONGEST_SIDE`, for smaller faces."""
LONGEST_SIDE = 640
"""What pictures are reduced to, for any detector, which finds faces from 1/25 of it up to all of it."""
CANDIDATES = 300
"""Best cells of a picture that become boxes."""


@lru_cache(maxsize=64)
def cell_places(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The middles `(cells, 2)` of all cells of a picture as x and y, and the stride `(cells,)` of each.

    Those of the smallest stride come first, row by row. Not to be written to.
    """
    places, strides = [], []
    for stride in STRIDES:
        y, x = ((np.arange(side // stride, dtype=np.float32) + 0.5) * stride for side in (height, width))
        places.append(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
        strides.append(np.full(len(places[-1]), stride, np.float32))
    return np.concatenate(places), np.concatenate(strides)
