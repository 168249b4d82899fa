"""Viola and Jones's detector with the cascades that come with OpenCV: no file to fetch, no landmarks."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.faces.border import beyond_border
from model.faces.detector import LONGEST_SIDE, Detection, overlap, reduced

# The tighter cascade first: its boxes scatter less about the face. The looser one is asked only where it finds nothing.
CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml")
SCALE_STEP = 1.1
MIN_NEIGHBOURS = 4
MIN_SIDE = 24
LARGE = 4
"""Faces from this part of the picture's shorter side on are looked for first: that takes 29 % of the time of the whole
search in a picture of 250 pixels, and 6 % in one of 640."""
SURE = 1.4
"""How much larger than the least one a face must be to be taken from the first search: the windows in which a cascade
agrees scatter by a fifth to both sides, and of a smaller face some were not looked at."""
SAME = 0.3
"""Overlap from which a box of the whole search is a large face that was found before."""


class HaarDetector:
    """Finds upright, roughly frontal faces."""

    name = "haar"
    shared = False

    def __init__(self, longest: int = LONGEST_SIDE) -> None:
        self.longest = longest
        folder = cv2.data.haarcascades  # type: ignore[attr-defined]
        self._cascades = [cv2.CascadeClassifier(folder + name) for name in CASCADES]

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many.

        The score is n / (n + MIN_NEIGHBOURS) of the n overlapping windows in which the cascade agreed.
        """
        small, factor = reduced(image, self.longest)
        found = self._first(small, lambda cascade, grey: _found(cascade, grey, at_most))
        if not found:
            found = beyond_border(small, self._large)
        return sorted((each.scaled(factor) for each in found), key=lambda face: -face.area)[:at_most]

    def _large(self, image: Pixels, least: int) -> list[Detection]:
        return self._first(image, lambda cascade, grey: _windows(cascade, grey, least))

    def _first(
        self, image: Pixels, find: Callable[[cv2.CascadeClassifier, NDArray[np.uint8]], list[Detection]]
    ) -> list[Detection]:
        """What the first cascade to find any face finds in a picture `(h, w, 3)`."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        return next((found for cascade in self._cascades if (found := find(cascade, grey))), [])


def _found(cascade: cv2.CascadeClassifier, grey: NDArray[np.uint8], at_most: int | None) -> list[Detection]:
    """The large faces alone, if they are as many as are wanted; else all, in which the large ones are the same."""
    least = max(min(grey.shape) // LARGE, MIN_SIDE)
    large = [each for each in _windows(cascade, grey, least) if each.box[2] >= SURE * least]
    if at_most is not None and len(large) >= at_most:
        return large
    others = _windows(cascade, grey, MIN_SIDE)
    return large + [each for each in others if all(overlap(each.box, one.box) < SAME for one in large)]


def _windows(cascade: cv2.CascadeClassifier, grey: NDArray[np.uint8], least: int) -> list[Detection]:
    """The faces that a cascade finds from a side on."""
    boxes, counts = cascade.detectMultiScale2(
        grey, scaleFactor=SCALE_STEP, minNeighbors=MIN_NEIGHBOURS, minSize=(least, least)
    )
    return [
        Detection((x, y, width, height), float(n / (n + MIN_NEIGHBOURS)))
        for (x, y, width, height), n in zip(np.asarray(boxes, float).tolist(), np.ravel(counts), strict=True)
    ]
