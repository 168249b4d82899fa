"""The bundled networks as other servers run them."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import torch
from PIL import Image

from model.attributes import Vector
from model.checkpoint import bundled, load_checkpoint
from model.engine.backend import Pixels
from model.engine.engine import Engine

Embed = Callable[[Pixels], Vector]
"""Crops `(n, size, size, 3)` -> embeddings `(n, 99)`."""


def plain() -> Embed:
    """As the documentation of torch teaches: float32, channels last, inference mode."""
    model = load_checkpoint(bundled()).model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def embed(crops: Pixels) -> Vector:
        images = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1.0
        return np.asarray(model.embed(images).numpy())

    return embed


def engine() -> Embed:
    """By Facet's own engine, so that what is left to compare is the serving alone."""
    return Engine(device="cpu").embed


NETWORKS: dict[str, Callable[[], Embed]] = {"plain": plain, "engine": engine}


def decoded(picture: bytes) -> Pixels:
    """The pixels of a crop."""
    return np.array(Image.open(BytesIO(picture)).convert("RGB"))
