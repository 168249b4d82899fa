"""Where `tests.faces.draw_face` puts its face, and whether a detector finds it there."""

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.faces.detector import Detection
from tests.faces import draw_face

MIDDLE = (0.5, 0.535)
"""The middle of brows and chin, as shares of the picture's side."""


def drawn(size: int) -> Pixels:
    """A drawn face; a large one is enlarged, which is quicker than to draw it."""
    return draw_face(size) if size <= 600 else np.asarray(cv2.resize(draw_face(600), (size, size)), np.uint8)


def is_the_drawn_face(detection: Detection, size: int) -> bool:
    """True if the box lies about the face's middle, within 4 % of the picture, and is as wide as the face."""
    x, y, width, height = (number / size for number in detection.box)
    off = max(abs(x + width / 2 - MIDDLE[0]), abs(y + height / 2 - MIDDLE[1]))
    return off < 0.04 and 0.45 < width < 0.75
