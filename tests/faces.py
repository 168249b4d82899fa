"""Faces drawn in code, which the bundled detector finds: no test needs the picture of a person."""

import math
from io import BytesIO
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.engine.backend import Pixels

Mouth = Literal["neutral", "smile", "open"]

UNITS = 400.0
"""Side of the picture in the units in which the face's parts are placed."""
SUBPIXEL_BITS = 4


class _Canvas:
    """A square picture onto which soft ellipses are laid, placed from the middle of the face."""

    def __init__(self, size: int, colour: NDArray[np.float64], center: float) -> None:
        self.picture = np.full((size, size, 3), colour, np.float32)
        self._scale = size / UNITS
        self._middle = np.array([UNITS * center, 215.0])

    def ellipse(
        self, place: tuple[float, float], radii: tuple[float, float], colour: NDArray[np.float64], soft: float = 1.0
    ) -> None:
        """An ellipse whose edge is blurred by `soft` units."""
        x, y = (self._scale * value for value in self._middle + place)
        width, height = (self._scale * radius for radius in radii)
        sigma = self._scale * soft
        # Only where it is or its blur reaches, which OpenCV cuts off after four deviations.
        reach = math.ceil(4 * sigma) + 3
        left, top = max(0, math.floor(x - width) - reach), max(0, math.floor(y - height) - reach)
        part = self.picture[top : math.ceil(y + height) + reach, left : math.ceil(x + width) + reach]
        mask = np.zeros(part.shape[:2], np.float32)
        fine = 2**SUBPIXEL_BITS
        middle = (round(fine * x) - fine * left, round(fine * y) - fine * top)
        axes = (round(fine * width), round(fine * height))
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA, SUBPIXEL_BITS)
        weight = cv2.GaussianBlur(mask, (0, 0), sigma)[..., None]
        part += weight * (np.clip(colour, 0, 255).astype(np.float32) - part)


def draw_face(size: int = 200, seed: int = 0, mouth: Mouth = "neutral", center: float = 0.5) -> Pixels:
    """A frontal face `(size, size, 3)`.

    The seed chooses its geometry and colours, `center` its place from left (0) to right (1).
    """
    rng = np.random.default_rng(seed)
    skin = np.array([215.0, 175.0, 150.0]) * rng.uniform(0.75, 1.05) + rng.normal(0, 6, 3)
    hair = rng.uniform(15, 90) * np.array([1.0, 0.8, 0.6])
    width, height = rng.uniform(92, 108), rng.uniform(128, 144)
    canvas = _Canvas(size, rng.uniform(90, 200, 3), center)
    canvas.ellipse((0, -25), (width + 18, height + 8), hair, 2)
    canvas.ellipse((0, 150), (60, 90), 0.8 * skin, 3)
    canvas.ellipse((0, 0), (width, height), skin, 2)
    canvas.ellipse((0, -95), (0.8 * width, 40), 1.08 * skin, 12)
    _eyes(canvas, rng, skin, hair)
    nose = rng.uniform(26, 34)
    canvas.ellipse((0, -5), (9, nose + 8), 1.12 * skin, 6)
    canvas.ellipse((0, nose), (20, 6), 0.6 * skin, 4)
    _mouth(canvas, mouth, skin)
    noisy = canvas.picture + rng.normal(0, 1.5, canvas.picture.shape)
    return np.asarray(np.rint(np.clip(noisy, 0, 255)), np.uint8)


def _eyes(canvas: _Canvas, rng: np.random.Generator, skin: NDArray[np.float64], hair: NDArray[np.float64]) -> None:
    apart, height, iris = rng.uniform(40, 48), rng.uniform(-32, -24), rng.uniform(20, 90, 3)
    for x in (-apart, apart):
        canvas.ellipse((x, height), (30, 18), 0.6 * skin, 7)
        canvas.ellipse((x, height + 2), (19, 9), np.array([225.0, 225.0, 220.0]))
        canvas.ellipse((x, height + 2), (9, 9), iris)
        canvas.ellipse((x, height - 26), (26, 5), 0.8 * hair, 2)
        canvas.ellipse((1.15 * x, 35), (24, 20), 1.08 * skin, 9)


def _mouth(canvas: _Canvas, mouth: Mouth, skin: NDArray[np.float64]) -> None:
    lips = skin * np.array([0.65, 0.4, 0.4])
    if mouth == "open":
        canvas.ellipse((0, 82), (26, 22), lips, 2)
        canvas.ellipse((0, 82), (18, 14), np.array([60.0, 20.0, 20.0]))
        return
    bend = 0.012 if mouth == "smile" else 0.0
    for x in range(-36, 37, 6):
        canvas.ellipse((x, 78 - bend * x * x), (6, 6), lips, 2)


def jpeg(pixels: Pixels, quality: int = 92) -> bytes:
    """A picture as a JPEG file."""
    return _encoded(pixels, "JPEG", quality=quality)


def png(pixels: Pixels) -> bytes:
    """A picture as a PNG file."""
    return _encoded(pixels, "PNG")


def webp(pixels: Pixels) -> bytes:
    """A picture as a WebP file without loss."""
    return _encoded(pixels, "WEBP", lossless=True)


def _encoded(pixels: Pixels, form: str, **options: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, form, **options)
    return stream.getvalue()
