"""Structural similarity of two pictures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels

WINDOW = 11
SIGMA = 1.5
_LUMINANCE_FLOOR = (0.01 * 255) ** 2
_CONTRAST_FLOOR = (0.03 * 255) ** 2


def ssim(a: Pixels, b: Pixels) -> float:
    """Mean structural similarity of two RGB pictures `(h, w, 3)`, from -1 to 1; 1 only for equal pictures.

    Over Gaussian windows of 11 pixels (sigma 1.5) that lie wholly inside, per channel, with means μ, variances σ² and
    covariance: (2 μa μb + c1)(2 σab + c2) / ((μa² + μb² + c1)(σa² + σb² + c2)); Wang, Bovik, Sheikh and Simoncelli,
    "Image quality assessment", IEEE TIP 2004. Raises ValueError if sizes differ or are below 11 pixels.
    """
    if a.shape != b.shape or min(a.shape[:2]) < WINDOW:
        raise ValueError(f"pictures of {a.shape} and {b.shape} cannot be compared")
    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    variances = _windowed(x * x) - mean_x**2 + _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _LUMINANCE_FLOOR) / (mean_x**2 + mean_y**2 + _LUMINANCE_FLOOR)
    structure = (2 * covariance + _CONTRAST_FLOOR) / (variances + _CONTRAST_FLOOR)
    return float(np.mean(luminance * structure))


def _windowed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted mean over each window that lies wholly inside."""
    edge = WINDOW // 2
    blurred = cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA)
    return np.asarray(blurred, np.float64)[edge:-edge, edge:-edge]
