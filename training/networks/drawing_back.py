"""Photographs are drawn back as they were, while splitter and merger learn something else."""

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model.engine.device import choose_precision
from training.data.augmentation import frame, still, weighted
from training.data.crops import CropSet
from training.losses.pictures.detail import DetailLoss
from training.losses.pictures.reconstruction import ReconstructionLoss
from training.losses.pictures.structural import StructuralLoss
from training.networks.relearning import Exchange

DRAWN = 32
"""Photographs that are drawn at a step."""
LIKE, FINE = 80.0, 3.0
"""Weights of error and structural dissimilarity, and of missing detail."""
IMPORTANCE = (0.3, 1.0, 1.5)
"""What pixels around the face count, those of the face, and those of its features."""


class Photographs(NamedTuple):
    """Pictures and what their pixels count, as `training.data.augmentation` makes both."""

    images: Tensor
    """`(n, 3, size, size)` in [-1, 1]"""
    weights: Tensor
    """`(n, 1, size, size)`"""


Look = Callable[[Tensor], Photographs]
"""Photographs by their rows."""


def photographs_in(crops: CropSet, size: int) -> Look:
    """Crops as they were found, in pictures of a size."""

    def look(rows: Tensor) -> Photographs:
        images, regions = frame(crops.pixels[rows], still(len(rows)), size)
        return Photographs(images, weighted(regions, IMPORTANCE))

    return look


class DrawnBackLoss:
    """How far drawings of photographs' own embeddings are from the photographs; the decoder stands still.

    Splitter and merger learnt from latents before, where an error that is seen and one that is not look the same.
    """

    def __init__(self, decoder: nn.Module, look: Look, crops: Tensor) -> None:
        """`crops` are the rows of `look` that the rows of a step number."""
        self._decoder = deepcopy(decoder).requires_grad_(False)
        self._look, self._crops = look, crops
        self._error, self._structural, self._detail = ReconstructionLoss(), StructuralLoss(), DetailLoss()
        self._dtype = choose_precision("auto", torch.device("cpu"))

    def __call__(self, exchange: Exchange) -> Tensor:
        rows, view = exchange.step.rows, exchange.step.view
        own = (exchange.givers[: len(rows)] == torch.arange(len(rows))[:, None]).all(dim=1)
        drawn = (own & (view == 0)).nonzero()[:DRAWN, 0]  # the first view is the frame that was found
        photographs = self._look(self._crops[rows[drawn]])
        with torch.autocast("cpu", torch.bfloat16, enabled=self._dtype is torch.bfloat16):
            pictures = self._decoder(exchange.latents[drawn])
        compared = pictures.float(), *photographs
        value: Tensor = LIKE * (self._error(*compared) + self._structural(*compared)) + FINE * self._detail(*compared)
        return value
