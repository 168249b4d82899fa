"""Structural dissimilarity of a drawn picture (Wang et al. 2004)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.losses.pictures.masked import masked_mean

WINDOW = 11
SIGMA = 1.5
RANGE = 2.0
"""Pictures lie in [-1, 1]."""
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2


class StructuralLoss(nn.Module):
    """1 - SSIM with an 11-pixel Gaussian window, averaged by what each pixel counts.

    Pictures `(n, 3, h, w)` in [-1, 1], at least 11 pixels a side; weights `(n, 1, h, w)`, at least 0.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        x = torch.arange(WINDOW) - WINDOW // 2
        line = torch.exp(-(x**2) / (2 * SIGMA**2))
        self.register_buffer("window", line / line.sum())

    def _mean(self, x: Tensor) -> Tensor:
        """The window's weighted mean about each pixel at which it fits."""
        channels = x.shape[1]
        line = self.window.to(x.dtype).expand(channels, 1, 1, WINDOW)
        across = F.conv2d(x, line, groups=channels)
        return F.conv2d(across, line.transpose(2, 3), groups=channels)

    def ssim(self, drawn: Tensor, image: Tensor) -> Tensor:
        """The similarity map `(n, 3, h-10, w-10)`, 1 where both agree."""
        drawn, image = drawn + 1.0, image + 1.0  # the formula's means are brightness above black
        mean_a, square_a, product = self._mean(torch.cat([drawn, drawn * drawn, drawn * image], dim=1)).chunk(3, dim=1)
        mean_b, square_b = self._mean(torch.cat([image, image * image], dim=1)).chunk(2, dim=1)  # mostly no gradient
        cross = mean_a * mean_b
        numerator = (2 * cross + C1) * (2 * (product - cross) + C2)
        squares = mean_a**2 + mean_b**2
        return numerator / ((squares + C1) * (square_a + square_b - squares + C2))

    def forward(self, drawn: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        similarity = self.ssim(drawn, image).mean(dim=1, keepdim=True)
        edge = WINDOW // 2
        return 1.0 - masked_mean(similarity, mask[..., edge:-edge, edge:-edge])
