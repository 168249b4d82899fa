"""What each pixel of a stored crop is: invented, photographed, the face, or the parts of it that people look at."""

from collections.abc import Sequence
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.faces.alignment import Frame

Regions = NDArray[np.uint8]
"""`(h, w)` uint8 of `Region` values."""

BLACK = 8
"""Channels up to this count as black: JPEG brings some noise into what an aligner filled with zeros."""
LEAST_CORNER = 0.002
"""Share of the picture from which a black corner counts."""
SAME_LINE = 2.0
"""Mean difference of two lines of a picture, of 255, up to which one may be a repetition of the other."""
ELLIPSE = (0.5, 0.53, 0.3, 0.39)
"""Where the face lies in its frame on average: the middle and the half axes of an ellipse, over the frame's side."""
LEAST_REPEATED = 4
"""So many equal lines at an edge are a repeated border; photographs have them only where nothing is to be seen."""


class Region(IntEnum):
    """Ordered by how much it matters what is drawn there; evenly spaced, so that they can be interpolated."""

    INVENTED = 0
    """Beyond the photograph, or filled in by whoever aligned it."""
    PHOTOGRAPHED = 85
    FACE = 170
    FEATURES = 255
    """Eyes, brows and mouth."""


def photographed(image: Pixels) -> NDArray[np.bool_]:
    """`(h, w)`: False in black corners and repeated borders, which an earlier alignment has put there."""
    real = np.ones(image.shape[:2], bool)
    for side, lines in enumerate(_repeated(image)):
        edge = np.rot90(real, side)  # a view: each side in turn lies on top
        edge[:lines] = False
    black = (image.max(axis=2) <= BLACK).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(black, connectivity=4)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        label = labels[corner]
        if black[corner] and stats[label, cv2.CC_STAT_AREA] >= LEAST_CORNER * black.size:
            real &= labels != label
    return real


def _repeated(image: Pixels) -> list[int]:
    """How many lines at top, right, bottom and left (as `np.rot90` brings them up) repeat the one behind them."""
    counts = []
    for side in range(4):
        lines = np.rot90(image, side).astype(np.float32)
        equal = np.abs(np.diff(lines[: len(lines) // 3], axis=0)).mean(axis=(1, 2)) <= SAME_LINE
        count = int(equal.argmin()) if not equal.all() else len(equal)
        # A line that is plain all along says nothing: walls and skies are photographed too.
        plain = count > 0 and float(lines[0].std(axis=0).mean()) < 4 * SAME_LINE
        counts.append(0 if plain or count < LEAST_REPEATED else count)
    return counts


def outline(points: int = 32) -> NDArray[np.float32]:
    """The average face's edge `(points, 2)` over the frame's side, from its corner: for a face without landmarks."""
    x, y, wide, high = ELLIPSE
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([x + wide * np.cos(angle), y + high * np.sin(angle)], axis=1).astype(np.float32)


def regions(
    image: Pixels, canvas: Frame, size: int, face: NDArray[np.floating], features: Sequence[NDArray[np.floating]]
) -> Regions:
    """The regions of a crop of `size` pixels that holds the square `canvas` of a picture.

    `face` and each of `features` are points `(n, 2)` in the crop's pixels, whose hull is the region.
    """
    real = photographed(image).astype(np.uint8)
    inside = cv2.warpAffine(real, canvas.to_crop(size), (size, size), flags=cv2.INTER_LINEAR, borderValue=0)
    labels = np.where(inside > 0, Region.PHOTOGRAPHED, Region.INVENTED).astype(np.uint8)
    drawn = np.zeros_like(labels)
    for points, region in ((face, Region.FACE), *((each, Region.FEATURES) for each in features)):
        hull = cv2.convexHull(np.rint(points).astype(np.int32))
        cv2.fillConvexPoly(drawn, hull, int(region))
    return np.where(labels > 0, np.maximum(labels, drawn), labels)


def encode(labels: Regions) -> bytes:
    """As PNG, without loss: about half a kilobyte."""
    return bytes(cv2.imencode(".png", labels)[1])


def decode(data: bytes) -> Regions:
    """The opposite of `encode`. Raises ValueError if the bytes are no such picture."""
    labels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if labels is None:
        raise ValueError("the regions of a crop cannot be decoded; prepare its shard again")
    return np.asarray(labels, np.uint8)
