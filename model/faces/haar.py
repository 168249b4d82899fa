"""Viola and Jones's detector with the cascades that come with OpenCV: no file to fetch, no landmarks."""

import cv2
import numpy as np

from model.backend import Pixels
from model.faces.detector import Detection, reduced

# The tighter cascade first: its boxes scatter less about the face. The looser one is asked only where it finds nothing.
CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml")
SCALE_STEP = 1.1
MIN_NEIGHBOURS = 4
MIN_SIDE = 24


class HaarDetector:
    """Finds upright, roughly frontal faces."""

    name = "haar"

    def __init__(self) -> None:
        folder = cv2.data.haarcascades  # type: ignore[attr-defined]
        self._cascades = [cv2.CascadeClassifier(folder + name) for name in CASCADES]

    def detect(self, image: Pixels) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first.

        The score is n / (n + MIN_NEIGHBOURS) of the n overlapping windows in which the cascade agreed.
        """
        small, factor = reduced(image)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        for cascade in self._cascades:
            boxes, counts = cascade.detectMultiScale2(
                grey, scaleFactor=SCALE_STEP, minNeighbors=MIN_NEIGHBOURS, minSize=(MIN_SIDE, MIN_SIDE)
            )
            if len(boxes):
                break
        found = [
            Detection((x * factor, y * factor, width * factor, height * factor), float(n / (n + MIN_NEIGHBOURS)))
            for (x, y, width, height), n in zip(np.asarray(boxes, float).tolist(), np.ravel(counts), strict=True)
        ]
        return sorted(found, key=lambda detection: -detection.area)
