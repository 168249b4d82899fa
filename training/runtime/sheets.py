"""Pictures of what a model can do, drawn while it trains."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from model.attributes import SPACES
from model.face_model import FaceModel


def to_pixels(images: Tensor) -> np.ndarray:
    """Images `(n, 3, h, w)` in [-1, 1] -> RGB `(n, h, w, 3)` uint8."""
    pixels = ((images.float() + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def autoencoder_sheet(model: FaceModel, images: Tensor) -> np.ndarray:
    """Rows: inputs, reconstructions through encoder and decoder alone, random faces; RGB."""
    z = model.encode(images)
    return _grid([images, model.decoder(z), model.decoder(_random_like(z))])


@torch.no_grad()
def swap_sheet(model: FaceModel, images: Tensor) -> np.ndarray:
    """Rows: inputs, reconstructions, each attribute taken from the next face, random faces; RGB."""
    z = model.encode(images)
    f = model.splitter(z)
    rows = [images, model.render(f)]
    for space in SPACES.values():
        swapped = f.clone()
        swapped[:, space.slice] = f.roll(-1, dims=0)[:, space.slice]
        rows.append(model.render(swapped))
    return _grid([*rows, model.render(model.splitter(_random_like(z)))])


def _random_like(z: Tensor) -> Tensor:
    return torch.randn(z.shape, generator=torch.Generator().manual_seed(0)).to(z.device)


def _grid(rows: list[Tensor]) -> np.ndarray:
    return np.concatenate([np.concatenate(list(to_pixels(row)), axis=1) for row in rows], axis=0)


def save_picture(path: Path, pixels: np.ndarray) -> None:
    """Write an RGB picture as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
