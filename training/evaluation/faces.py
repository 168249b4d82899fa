"""The crops of a split as the service would see them, with embeddings."""

from dataclasses import dataclass

import numpy as np

from model.attributes import Vector
from model.backend import Backend, Pixels
from training.data.augmentation import frame, still
from training.data.crops import CropSet
from training.sheets import to_pixels

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
        masks.append(mask[:, 0].bool().numpy())
    return np.concatenate(images), np.concatenate(masks)


def embed_all(backend: Backend, pixels: Pixels) -> Vector:
    """Embeddings `(n, 99)` of crops `(n, size, size, 3)`, in chunks."""
    return np.concatenate([backend.embed(pixels[i : i + CHUNK]) for i in range(0, len(pixels), CHUNK)])


def render_all(backend: Backend, embeddings: Vector) -> Pixels:
    """Pictures `(n, size, size, 3)` of embeddings `(n, 99)`, in chunks."""
    return np.concatenate([backend.render(embeddings[i : i + CHUNK]) for i in range(0, len(embeddings), CHUNK)])


def see(backend: Backend, crops: CropSet) -> Faces:
    """The crops with the model's embeddings."""
    pixels, masks = still_crops(crops, backend.image_size)
    return Faces(crops, pixels, masks, embed_all(backend, pixels))
