"""Enrolled faces of other models brought to the present one, from the pictures that were kept of them."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from gallery.gallery import Gallery
from gallery.records import Amendment
from model.backend import Backend, Pixels
from model.errors import NotFound
from model.images import ImageLimits, decode

_BATCH = 32


def reembed(gallery: Gallery, backend: Backend, advance: Callable[[int], None]) -> int:
    """Embed every kept picture of another model's face anew; gives how many.

    Each face changes by itself, so that this may be stopped at any moment and started again. `advance` is told how
    many more were looked at.
    """
    count = 0
    while batch := gallery.outdated(backend.id, _BATCH):
        crops = np.stack([_crop(kept.crop, backend.image_size) for kept in batch])
        for kept, embedding in zip(batch, backend.embed(crops), strict=True):
            try:
                gallery.change(kept.id, Amendment(embedding=embedding, model=backend.id))
                count += 1
            except NotFound:
                # Somebody erased it meanwhile.
                continue
        advance(len(batch))
    return count


def _crop(picture: bytes, size: int) -> Pixels:
    """A kept picture as the aligned crop `(size, size, 3)` of a model."""
    crop = Image.fromarray(decode(picture, ImageLimits()))
    return np.asarray(crop if crop.size == (size, size) else crop.resize((size, size), Image.Resampling.LANCZOS))
