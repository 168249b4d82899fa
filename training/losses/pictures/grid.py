"""Patterns of a drawn picture that repeat with its grid of pixels, which photographs do not have."""

from torch import Tensor, nn
from torch.nn import functional as F

PERIOD = 4
"""Pixels: the decoder enlarges its last two maps by exchanging channels for places, each of which is painted alone."""
BLOCK = 32
"""Side of the squares in which a pattern is looked for: eight repetitions each way."""


class GridLoss(nn.Module):
    """Mean absolute deviation of each place of the period from its surroundings, averaged over its repetitions.

    Pictures `(n, 3, h, w)` in [-1, 1] whose sides are multiples of 32. An edge lies differently to the grid from one
    repetition to the next and averages out; the checkerboards of sub-pixel convolutions do not (Odena et al. 2016).
    """

    def forward(self, drawn: Tensor) -> Tensor:
        count, channels, height, width = drawn.shape
        around = F.interpolate(F.avg_pool2d(drawn, PERIOD), scale_factor=PERIOD, mode="nearest")
        repeated = (BLOCK // PERIOD, PERIOD)
        places = (drawn - around).reshape(count, channels, height // BLOCK, *repeated, width // BLOCK, *repeated)
        return places.mean(dim=(3, 6)).abs().mean()
