"""Where the cells of the detector's maps lie in a picture, what their numbers are, and which count; without torch."""

import math
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
"""Longest side at which pictures are looked at first; larger ones once more at twice this side, for smaller faces."""
LONGEST_SIDE = 640
"""What pictures are reduced to by default, for any detector, which finds faces from 1/25 of it up to all of it."""
SMALLEST_FACE = 1 / 25
"""The width of the smallest face that is looked for by default, over the picture's longer side."""
SMALLEST_POSSIBLE = 1 / 75
"""The least that can be asked for: pictures of 1,920 pixels."""
CANDIDATES = 300
"""Best cells of a picture that become boxes."""


def looks(smallest_face: float = SMALLEST_FACE) -> tuple[int, ...]:
    """The longest sides at which a large picture is looked at, one after the other, each at most twice the one before.

    At the last a face of so much of the picture's longer side is as wide as the smallest that the network knows.
    """
    # Of whole strides; the rounding takes off what the division of numbers such as 0.04 leaves.
    last = math.ceil(round(LONGEST_SIDE * SMALLEST_FACE / smallest_face, 6) / STRIDES[-1]) * STRIDES[-1]
    sides = [FIRST_SIDE]
    while sides[-1] < last:
        sides.append(min(2 * sides[-1], last))
    return tuple(sides)


def looks_at(longest: int, sides: tuple[int, ...]) -> tuple[int, ...]:
    """Those of all looks that show more of a picture whose longer side has so many pixels."""
    return tuple(side for side, before in zip(sides, (0, *sides), strict=False) if longest > before)


def seen_at(height: int, width: int, longest: int) -> tuple[int, int]:
    """The height and width of a picture in a look of a longest side.

    It is reduced to that side. The first look shows smaller pictures as they are; the others, which are for small
    faces, enlarge them, if to less than twice their size.
    """
    factor = longest / max(height, width)
    if factor >= 2.0 or (factor >= 1.0 and longest <= FIRST_SIDE):
        return height, width
    return max(1, round(height * factor)), max(1, round(width * factor))


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
