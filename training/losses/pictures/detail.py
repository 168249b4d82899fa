"""Fine contrast that a drawn picture lacks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.losses.pictures.masked import masked_mean

CELL = 16
"""Height and width of the cells in pixels, each of which is compared as a whole: where a hair lies is not asked."""
LEAST = 1e-5
"""Added to energies, of pictures in [-1, 1]: less than the rounding to 8 bits is nothing."""


class DetailLoss(nn.Module):
    """Squared logarithm of fine energy over the photograph's, where it is less, by what each cell counts.

    Pictures `(n, 3, h, w)` in [-1, 1], multiples of `CELL` a side; weights `(n, 1, h, w)`, at least 0. Fine is what is
    lost when a picture is reduced to half its size and enlarged again; its energy is the mean square in a cell.
    """

    def forward(self, drawn: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        with torch.no_grad():
            theirs = _energy(image)
        lacking = (_energy(drawn) - theirs).clamp(max=0.0)
        return masked_mean(lacking.pow(2), F.avg_pool2d(mask, CELL))


def _energy(images: Tensor) -> Tensor:
    """Logarithms `(n, 1, h / CELL, w / CELL)`."""
    coarse = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2.0, mode="bilinear", align_corners=False)
    squares = (images - coarse).pow(2).mean(dim=1, keepdim=True)
    return (F.avg_pool2d(squares, CELL) + LEAST).log()
