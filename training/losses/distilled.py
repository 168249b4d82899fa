"""What another model reads and draws, a larger or an earlier one (knowledge distillation, Hinton et al. 2015).

It is called the larger one here.
"""

from collections.abc import Collection
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import Attribute
from training.losses.embedding.cycle import CycleLoss
from training.losses.pictures.perceptual import PerceptualLoss
from training.networks.other_model import OtherModel


@cache
def _larger(path: Path, image_size: int) -> OtherModel:
    """One for all losses of a process.

    Raises InvalidCheckpoint for a bad file, ValueError where it draws another size than `image_size`.
    """
    model = OtherModel(path)
    if model.image_size != image_size:
        raise ValueError(f"{path} draws {model.image_size} pixels, the recipe {image_size}")
    return model


class DistilledReading(nn.Module):
    """Distance of embeddings `(n, 99)` to the larger model's of the same pictures, as `CycleLoss` measures it."""

    def __init__(self, path: Path, image_size: int, parts: Collection[Attribute] = tuple(Attribute)) -> None:
        """`parts` are those that are compared."""
        super().__init__()
        self._larger, self._distance = _larger(path, image_size), CycleLoss(parts)

    def embed(self, images: Tensor) -> Tensor:
        """The larger model's embeddings `(n, 99)` of pictures `(n, 3, s, s)`."""
        with torch.no_grad():
            embeddings: Tensor = self._larger.on(images.device).embed(images)
        return embeddings.float()

    def forward(self, embeddings: Tensor, wanted: Tensor) -> Tensor:
        distance: Tensor = self._distance(embeddings, wanted)
        return distance


class DistilledDrawing(nn.Module):
    """Distance of drawn pictures to the larger model's of the same embeddings: mean absolute and perceptual.

    Any number of embeddings will do, of nobody too: the larger model says how each is drawn.
    """

    def __init__(self, path: Path, image_size: int) -> None:
        super().__init__()
        self._larger, self._perceptual = _larger(path, image_size), PerceptualLoss()

    def split(self, z: Tensor) -> Tensor:
        """The embeddings `(n, 99)` of latents `(n, 99)`, by the larger model's splitter."""
        with torch.no_grad():
            embeddings: Tensor = self._larger.on(z.device).splitter(z)
        return embeddings

    def forward(self, drawn: Tensor, embeddings: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self._larger.on(embeddings.device).render(embeddings).float()
        perceptual: Tensor = self._perceptual(drawn, wanted, torch.ones_like(wanted[:, :1]))
        return F.l1_loss(drawn, wanted) + perceptual
