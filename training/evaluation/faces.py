"""The crops of a split as the service would see them, with embeddings."""

from dataclasses import dataclass

import cv2
import numpy as np

from model.attributes import Vector
from model.engine.backend import Backend, Pixels
from training.data.augmentation import frame, still
from training.data.crops import CropSet
from training.runtime.sheets import to_pixels

CHUNK = 256


@dataclass(frozen=True)
class Faces:
    """n crops, their labels, and what a model makes of them."""

    labels: CropSet
    pixels: Pixels
    """`(n, size, size, 3)` as found by the detector, without augmentation."""
    masks: np.ndarray
    """`(n, size, size)` bool, True where the photograph reached."""
    embeddings: Vector
    """`(n, 99)`."""


def still_crops(crops: CropSet, size: int) -> tuple[Pixels, np.ndarray]:
    """The unaugmented frames `(n, size, size, 3)` uint8 and masks `(n, size, size)` bool of stored crops."""
    images, masks = [], []
    for part in crops.chunks(CHUNK):
        image, mask = frame(part, still(len(part)), size)
        images.append(to_pixels(image))
        masks.append((mask[:, 0] > 0).numpy())
    return np.concatenate(images), np.concatenate(masks)


def embed_all(backend: Backend, pixels: Pixels) -> Vector:
    """Embeddings `(n, 99)` of crops `(n, size, size, 3)`, reduced to the reading size, in chunks."""
    chunks = (pixels[start : start + CHUNK] for start in range(0, len(pixels), CHUNK))
    return np.concatenate([backend.embed(reduced(chunk, backend.read_size)) for chunk in chunks])


def reduced(pixels: Pixels, size: int) -> Pixels:
    """Crops `(n, s, s, 3)` at a smaller size, by averages over areas."""
    if pixels.shape[1] == size:
        return pixels
    return np.stack([cv2.resize(one, (size, size), interpolation=cv2.INTER_AREA) for one in pixels]).astype(np.uint8)


def enlarged(pictures: Pixels, size: int) -> Pixels:
    """Pictures `(n, s, s, 3)` at another size, by cubic interpolation where they are smaller."""
    if pictures.shape[1] >= size:
        return reduced(pictures, size)
    shape = (size, size)
    return np.stack([cv2.resize(one, shape, interpolation=cv2.INTER_CUBIC) for one in pictures]).astype(np.uint8)


def render_all(backend: Backend, embeddings: Vector) -> Pixels:
    """Pictures `(n, size, size, 3)` of embeddings `(n, 99)`, in chunks."""
    return np.concatenate([backend.render(embeddings[i : i + CHUNK]) for i in range(0, len(embeddings), CHUNK)])


def see(backend: Backend, crops: CropSet, size: int | None = None) -> Faces:
    """The crops, at the drawing size or another one, with the model's embeddings."""
    pixels, masks = still_crops(crops, size or backend.image_size)
    return Faces(crops, pixels, masks, embed_all(backend, pixels))
