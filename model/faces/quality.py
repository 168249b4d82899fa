"""How much there is of a face in its picture: what makes its embedding worth less, as parts from 0 to 1.

The quality is the product of its parts, each of which is 1 where nothing is missing and falls with what is: so any one
of them can spoil a face, the lowest is what to change, and a part that was not measured counts as good. The constants
were chosen on training people (LFW and CFP, found by YuNet, pictures as they are, blurred, shrunk, covered, dark, and
with noise), by the share of faces that another picture of their person did not verify. Of the area under the ROC curve,
0.754 by all parts but likeness, a logistic regression on the same measures gained 0.01.

`likeness` needs a drawing, which takes twice as long as to read the face, and is therefore measured where it is asked
for and before a face is enrolled. There it pays: of the best 40 % of the faces by the other parts 10.9 % were not
verified, by all 7.1 %. The rest costs about 25 µs a face, all of it for `sharpness`.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector
from model.engine.backend import Pixels
from model.faces.alignment import Frame
from model.faces.detector import Detection
from model.images.ssim import ssim

SIDE = 64
"""Crops are compared at this side, whatever the networks read, so that the constants hold."""
FACE = (slice(12, 56), slice(12, 52))
"""Rows and columns of such a crop that the face fills, whoever's it is."""
ENOUGH_PIXELS = 0.5
"""Side of the frame in the picture, over what the networks read, from which on more pixels changed nothing."""
DETAIL = 0.22
"""Root mean square of what is between 1 and 2 pixels large, over the deviation of the face: a well focused face has
0.15 to 0.25."""
GRAIN = 0.4
"""The same of what is below a pixel: faces have 0.1 to 0.35, white noise 0.95."""
SURE = 0.85
"""A score of the bundled detector that clear faces reach: the median of portraits is 0.84."""
LIKE = 0.85
"""A structural similarity that a good drawing of a good crop reaches."""
_FLAT = 4.0
"""Deviation in grey levels below which a face has no contrast that could be drawn or compared."""


def parts(found: Detection, frame: Frame, sharp: float, pose: Vector, read_size: int) -> dict[str, float]:
    """The parts that need no drawing, by name, of a face in a photograph.

    `frame` is in the photograph's pixels, `sharp` the crop's `sharpness`, `pose` `(3,)` that part of its embedding.
    """
    pitch, yaw, _ = pose.tolist()
    return {
        "size": size(frame, read_size),
        "sharpness": sharp,
        "turn": turn(pitch, yaw),
        "detection": detection(found),
    }


def size(frame: Frame, read_size: int) -> float:
    """Of a frame in the photograph: min(1, side / (0.5 read size)). A picture enlarged beforehand is not sharp."""
    return min(1.0, frame.side / (ENOUGH_PIXELS * read_size))


def sharpness(crop: Pixels) -> float:
    """Of an aligned crop `(n, n, 3)`: min(1, detail / 0.22) min(1, (0.4 / grain)³).

    Of a crop of 64 pixels, detail and grain are what Gaussians of deviations 1 and 2, and 0 and 1, differ by inside the
    face, over the deviation there. The second factor takes grain for what it is: to a face it is not detail.
    """
    grey = np.asarray(cv2.cvtColor(_reduced(crop), cv2.COLOR_RGB2GRAY), np.float32)
    fine = cv2.GaussianBlur(grey, (7, 7), 1.0)
    coarse = cv2.GaussianBlur(fine, (9, 9), math.sqrt(3.0))
    grey, fine, coarse = grey[FACE], fine[FACE], coarse[FACE]
    contrast = max(float(cv2.meanStdDev(grey)[1].item()), _FLAT) * math.sqrt(grey.size)
    detail, grain = (cv2.norm(one, other) / contrast for one, other in ((fine, coarse), (grey, fine)))
    return min(1.0, detail / DETAIL) * min(1.0, (GRAIN / max(grain, GRAIN)) ** 3)


def turn(pitch: float, yaw: float) -> float:
    """Of a pose in radians: cos(pitch) cos(yaw), the share of the face's front that is seen; 0 from behind."""
    return max(0.0, math.cos(pitch)) * max(0.0, math.cos(yaw))


def detection(found: Detection) -> float:
    """Of a detection: min(1, score / 0.85)². Scores of different detectors are not the same: YuNet gives such faces
    0.93."""
    return min(1.0, max(0.0, found.score) / SURE) ** 2


def likeness(crop: Pixels, drawing: Pixels) -> float:
    """Of a crop `(n, n, 3)` and the drawing of its embedding `(m, m, 3)`: √(min(1, SSIM / 0.85) R²), inside the face.

    SSIM sees what covers a face. R², the share of the grey levels' variance that the drawing explains, sees bad light.
    """
    one, other = (_reduced(picture)[FACE] for picture in (crop, drawing))
    alike = min(1.0, max(0.0, ssim(one, other)) / LIKE)
    a, b = (np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32) for picture in (one, other))
    explained = 1.0 - float(np.mean((a - b) ** 2)) / max(float(a.var()), _FLAT**2)
    return math.sqrt(alike * max(0.0, explained))


def likenesses(crops: Sequence[Pixels], drawings: Sequence[Pixels] | Pixels) -> list[float]:
    """The likeness of each crop to its drawing."""
    return [likeness(crop, drawing) for crop, drawing in zip(crops, drawings, strict=True)]


def _reduced(picture: Pixels) -> NDArray[np.uint8]:
    if picture.shape[0] == SIDE:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
