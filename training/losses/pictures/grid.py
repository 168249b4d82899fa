"""Patterns of a drawn picture that repeat with its grid of pixels, which photographs do not have."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PERIOD = 4
"""Pixels: the decoder enlarges its last two maps by exchanging channels for places, each of which is painted alone."""


class GridLoss(nn.Module):
    """Mean absolute value of what each place of the period has beyond its surroundings, averaged over the picture.

    Pictures `(n, 3, h, w)` in [-1, 1] whose sides are multiples of 4. The surroundings are a binomial of 5 by 5 pixels.
    An edge lies differently to the grid from one repetition to the next and averages out; the checkerboards of
    sub-pixel convolutions do not (Odena et al. 2016).
    """

    def __init__(self) -> None:
        super().__init__()
        self.window = nn.Buffer(torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16, persistent=False)

    def forward(self, drawn: Tensor) -> Tensor:
        count, channels, height, width = drawn.shape
        framed = F.pad(drawn, 4 * [len(self.window) // 2], mode="replicate")
        line = self.window.expand(channels, 1, 1, -1)
        beyond = drawn - F.conv2d(F.conv2d(framed, line, groups=channels), line.transpose(2, 3), groups=channels)
        places = beyond.reshape(count, channels, height // PERIOD, PERIOD, width // PERIOD, PERIOD)
        return places.mean(dim=(2, 4)).abs().mean()
