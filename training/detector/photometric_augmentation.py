"""Changes of light, colour and sharpness that leave faces where they are."""

import cv2
import numpy as np

from model.engine.backend import Pixels


def relit(image: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture `(h, w, 3)` under other light, perhaps grey, blurred, noisy or compressed."""
    curve = _curve(rng)
    changed = np.asarray(cv2.LUT(image, curve), np.uint8)
    if rng.random() < 0.12:
        changed = np.repeat(cv2.cvtColor(changed, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.15:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.4, 1.5)), np.uint8)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 14), changed.shape[:2]).astype(np.float32)[..., None]
        changed = np.clip(changed + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, data = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
        changed = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return changed


def _curve(rng: np.random.Generator) -> Pixels:
    """For each channel what becomes of each brightness, `(1, 256, 3)`: contrast, exposure, a cast, a gamma."""
    level = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.normal(0, 0.25))
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.06, 3))
    shifted = (level - 0.5) * gain + 0.5 + rng.normal(0, 0.08)
    return np.asarray(np.clip(255 * shifted, 0, 255)[None], np.uint8)
