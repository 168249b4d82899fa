"""The one frame in which the networks see a face, whichever detector found it.

The frame is a square about the face. It stands upright, so that the roll of the head stays in the crop and belongs
to the pose; only a tilt beyond `MAX_ROLL`, which no training picture has, is turned back.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.faces.detector import Detection

SIDE_PER_FACE = 3.2
"""Side of the frame over the face's size, the larger of the distances eye to eye and eyes to mouth."""
LIFT_PER_FACE = 0.2
"""How far the frame's centre lies above the middle between eyes and mouth, over the face's size."""
SIDE_PER_BOX = 1.28
"""Side of the frame over the width of a Haar box, and its centre is the box's: the median relation on LFW of the
cascade's boxes to the frames from landmarks."""
MAX_ROLL = math.radians(30.0)
FEATHER = 0.12
"""Width of the blend at the edge of a pasted crop, over its side."""
FINE = 2.4
"""How much larger than a crop a frame may be that is sampled twice as finely as the crop; from there on three times."""
_UNCHANGED = np.eye(2, 3)


@dataclass(frozen=True)
class Frame:
    """A square in a picture."""

    center: tuple[float, float]
    side: float
    """In the picture's pixels."""
    rotation: float = 0.0
    """Radians, clockwise in the picture."""

    def scaled(self, factor: float) -> "Frame":
        """The same square in the picture enlarged."""
        x, y = (factor * (middle + 0.5) - 0.5 for middle in self.center)
        return Frame((x, y), factor * self.side, self.rotation)

    def to_crop(self, size: int) -> np.ndarray:
        """The similarity transform `(2, 3)` from the picture's pixels to those of a crop of `size` pixels.

        Pixel centres are at whole numbers on both sides.
        """
        scale = size / self.side
        cos, sin = scale * math.cos(self.rotation), scale * math.sin(self.rotation)
        x, y = self.center
        middle = (size - 1) / 2
        return np.array([[cos, sin, middle - cos * x - sin * y], [-sin, cos, middle + sin * x - cos * y]])


def frame_of(detection: Detection) -> Frame:
    """The model's frame for a detected face."""
    if detection.landmarks is None:
        x, y, width, height = detection.box
        return Frame((x + width / 2 - 0.5, y + height / 2 - 0.5), SIDE_PER_BOX * width)
    left_eye, right_eye, _, left_mouth, right_mouth = detection.landmarks.astype(float)
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    across = right_eye - left_eye
    # The larger of two lengths: turning the head shortens one of them, nodding the other.
    size = max(float(np.linalg.norm(across)), float(np.linalg.norm(mouth - eyes)), 1.0)
    roll = math.atan2(across[1], across[0])
    rotation = roll - min(max(roll, -MAX_ROLL), MAX_ROLL)
    up = np.array([math.sin(rotation), -math.cos(rotation)])
    center = (eyes + mouth) / 2 + LIFT_PER_FACE * size * up
    return Frame((float(center[0]), float(center[1])), SIDE_PER_FACE * size, rotation)


def whole_frame(image: Pixels) -> Frame:
    """The largest centred square of a picture that is a crop already."""
    height, width = image.shape[:2]
    return Frame(((width - 1) / 2, (height - 1) / 2), float(min(height, width)))


def crop(image: Pixels, frame: Frame, size: int) -> Pixels:
    """The frame's content as `(size, size, 3)`; beyond the picture its border is repeated."""
    near, frame = _neighbourhood(image, frame, 2 + frame.side / size)
    # A warp samples single pixels, so the crop is sampled more finely and averaged. What is much larger is averaged
    # before, too: over blocks of whole pixels, which takes a tenth of the time of other means.
    blocks = int(frame.side / (FINE * size))
    if blocks > 1:
        near, frame = _averaged(near, blocks), frame.scaled(1 / blocks)
    fine = size * (1 if frame.side <= size else 2 if frame.side <= FINE * size else 3)
    transform = frame.to_crop(fine)
    if near.shape[:2] != (fine, fine) or not np.array_equal(transform, _UNCHANGED):
        warped = cv2.warpAffine(near, transform, (fine, fine), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        near = np.asarray(warped, np.uint8)
    return np.asarray(cv2.resize(near, (size, size), interpolation=cv2.INTER_AREA), np.uint8) if fine > size else near


def paste(image: Pixels, drawn: Pixels, frame: Frame) -> Pixels:
    """A copy of the picture with a drawn crop `(size, size, 3)` in the frame, blended at the frame's edge."""
    pasted = image.copy()
    near, frame = _neighbourhood(pasted, frame, 2)
    height, width = near.shape[:2]
    size = drawn.shape[0]
    to_picture = cv2.invertAffineTransform(frame.to_crop(size))
    ramp = np.clip((np.minimum(np.arange(size), np.arange(size)[::-1]) + 0.5) / (FEATHER * size), 0.0, 1.0)
    mask = np.minimum.outer(ramp, ramp).astype(np.float32)
    placed = cv2.warpAffine(drawn, to_picture, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(mask, to_picture, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    near[...] = np.rint(near * (1.0 - weight) + placed * weight)
    return pasted


def _averaged(image: Pixels, block: int) -> Pixels:
    """The mean of each `block` by `block` pixels; the border is repeated to fill the last ones."""
    below, right = (-side % block for side in image.shape[:2])
    whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE) if below or right else image
    size = (whole.shape[1] // block, whole.shape[0] // block)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _neighbourhood(image: Pixels, frame: Frame, margin: float) -> tuple[Pixels, Frame]:
    """The part of a picture that a frame touches and so many pixels about it, and the frame as it lies in that part.

    A view, of at least one pixel. Warping all of a picture would cost its size, and OpenCV warps none with a side of
    32767 pixels or more.
    """
    reach = 0.5 * frame.side * (abs(math.cos(frame.rotation)) + abs(math.sin(frame.rotation))) + margin
    x, y = frame.center
    columns, rows = _span(x, reach, image.shape[1]), _span(y, reach, image.shape[0])
    return image[rows, columns], replace(frame, center=(x - columns.start, y - rows.start))


def _span(middle: float, reach: float, length: int) -> slice:
    start = min(max(0, math.floor(middle - reach)), length - 1)
    return slice(start, max(start + 1, min(length, math.ceil(middle + reach) + 1)))
