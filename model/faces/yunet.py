"""YuNet (Wu, Peng and Yu 2023), a small convolutional detector with five landmarks, through OpenCV."""

from pathlib import Path

import cv2
import numpy as np

from model.backend import Pixels
from model.errors import InvalidCheckpoint
from model.faces.detector import Detection, reduced

MIN_SCORE = 0.6
MAX_OVERLAP = 0.3
MIN_SIDE = 16
"""Thinner pictures hold no face, and the network sees some in them."""


class YuNetDetector:
    """Finds faces of any orientation up to about 45 degrees, with landmarks."""

    name = "yunet"

    def __init__(self, model: Path) -> None:
        if not model.is_file():
            raise InvalidCheckpoint(f"there is no detector file {model}; `facet detector fetch` downloads it")
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (64, 64), MIN_SCORE, MAX_OVERLAP)
            self._net.detect(np.zeros((64, 64, 3), np.uint8))  # another network fails only when it runs
        except cv2.error as error:
            raise InvalidCheckpoint(f"{model} is not a YuNet face detector that OpenCV can read") from error

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many."""
        small, factor = reduced(image)
        if min(small.shape[:2]) < MIN_SIDE:
            return []
        self._net.setInputSize((small.shape[1], small.shape[0]))
        _, rows = self._net.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        found = []
        for row in rows if rows is not None else ():
            if not _is_inside(row, small):
                continue
            x, y, width, height = (float(number) * factor for number in row[:4])
            landmarks = np.asarray(row[4:14], np.float32).reshape(5, 2) * np.float32(factor)
            found.append(Detection((x, y, width, height), float(row[14]), landmarks))
        return sorted(found, key=lambda detection: -detection.area)[:at_most]


def _is_inside(row: np.ndarray, image: Pixels) -> bool:
    """Whether a box has a size and its middle in the picture: of tiny pictures OpenCV makes up others now and then."""
    x, y, width, height = row[:4]
    rows, columns = image.shape[:2]
    return bool(min(width, height) >= 1 and 0 <= x + width / 2 < columns and 0 <= y + height / 2 < rows)
