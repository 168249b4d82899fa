"""Looking beyond a picture's border, for a face that fills the picture or is cut by its edge."""

from collections.abc import Callable

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.faces.detector import Detection, reduced

BORDER = 0.5
"""Width of the black border that is laid about a picture, over its shorter side.

Measured with the cascades on portraits in which they find nothing without one: any border from a quarter on, of any
kind, lets them find nearly all of the frontal faces, and of the profiles a black one of a half lets them find the
most."""
LEAST = 0.5
"""The smallest face that is looked for, over the picture's shorter side: smaller ones have room about them."""
MIN_SIDE = 24
"""Of a picture that can hold a face which fills it, in pixels."""

Search = Callable[[Pixels, int], list[Detection]]
"""From a picture `(h, w, 3)` and the least side of a face to the faces in that picture."""


def beyond_border(image: Pixels, search: Search) -> list[Detection]:
    """The large faces of a picture with their middle in it, which may reach beyond it: in the picture's pixels.

    To be asked where a search of the picture as it is found nothing.
    """
    rows, columns = image.shape[:2]
    if min(rows, columns) < MIN_SIDE:
        return []
    width = round(BORDER * min(rows, columns))
    framed = cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    wide, factor = reduced(np.asarray(framed, np.uint8))
    least = max(round(LEAST * min(rows, columns) / factor), MIN_SIDE)
    found = [each.scaled(factor).moved(-width, -width) for each in search(wide, least)]
    return [each for each in found if min(each.box[2:]) >= least * factor and each.middle_in(image)]
