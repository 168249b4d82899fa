"""YuNet (Wu, Peng and Yu 2023), a small convolutional detector with five landmarks, through OpenCV."""

from pathlib import Path

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.errors import InvalidCheckpoint
from model.faces.border import beyond_border
from model.faces.detector import LONGEST_SIDE, Detection, reduced

MIN_SCORE = 0.6
MAX_OVERLAP = 0.3
MIN_SIDE = 16
"""Thinner pictures hold no face, and the network sees some in them."""


class YuNetDetector:
    """Finds faces of any orientation up to about 45 degrees, with landmarks."""

    name = "yunet"
    shared = False

    def __init__(self, model: Path | None, min_score: float = MIN_SCORE, longest: int = LONGEST_SIDE) -> None:
        """Raises InvalidCheckpoint if there is no file, or OpenCV cannot read it."""
        self.longest = longest
        if model is None:
            raise InvalidCheckpoint("name YuNet's file in FACET_DETECTOR_MODEL; `facet detector fetch` downloads it")
        if not model.is_file():
            raise InvalidCheckpoint(f"there is no detector file {model}; `facet detector fetch` downloads it")
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (64, 64), min_score, MAX_OVERLAP)
            self._net.detect(np.zeros((64, 64, 3), np.uint8))  # another network fails only when it runs
        except cv2.error as error:
            raise InvalidCheckpoint(f"{model} is not a YuNet face detector that OpenCV can read") from error

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many."""
        small, factor = reduced(image, self.longest)
        found = self._found(small) or beyond_border(small, lambda wide, _: self._found(wide))
        return sorted((each.scaled(factor) for each in found), key=lambda detection: -detection.area)[:at_most]

    def _found(self, image: Pixels) -> list[Detection]:
        """The faces in a picture of the network's size or smaller, in the network's order."""
        if min(image.shape[:2]) < MIN_SIDE:
            return []
        self._net.setInputSize((image.shape[1], image.shape[0]))
        _, rows = self._net.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        return [_detection(row) for row in (rows if rows is not None else ()) if _is_inside(row, image)]


def _detection(row: np.ndarray) -> Detection:
    x, y, width, height = (float(number) for number in row[:4])
    return Detection((x, y, width, height), float(row[14]), np.asarray(row[4:14], np.float32).reshape(5, 2))


def _is_inside(row: np.ndarray, image: Pixels) -> bool:
    """Whether a box has a size and its middle in the picture: of tiny pictures OpenCV makes up others now and then."""
    x, y, width, height = row[:4]
    rows, columns = image.shape[:2]
    return bool(min(width, height) >= 1 and 0 <= x + width / 2 < columns and 0 <= y + height / 2 < rows)
