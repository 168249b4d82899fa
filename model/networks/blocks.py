"""The residual blocks of which encoder and decoder are made."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 8


def norm(channels: int) -> nn.GroupNorm:
    """Group normalisation: unlike batch statistics, it treats photographs and drawn faces alike in one batch."""
    return nn.GroupNorm(GROUPS, channels)


class Residual(nn.Module):
    """Two 3×3 convolutions around a skip connection (He et al. 2016, pre-activation): `(n, c, h, w)` -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(channels), norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)  # each block starts as the identity, so deep stacks train from the first step
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.silu(self.norm1(x)))
        y: Tensor = x + self.conv2(F.silu(self.norm2(inner)))
        return y


class Down(nn.Module):
    """Halves the map: `(n, c, h, w)` -> `(n, c', h/2, w/2)`."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.conv = nn.Conv2d(channels, out, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(F.silu(self.norm(x)))
        return y


class Up(nn.Module):
    """Doubles the map: `(n, c, h, w)` -> `(n, c', 2h, 2w)`."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.conv = nn.Conv2d(channels, out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        # Convolved before it is enlarged: a quarter of the work, and no checkerboard.
        y: Tensor = self.conv(F.silu(self.norm(x)))
        return F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)


class Modulation(nn.Module):
    """Scales and shifts features `(n, c, h, w)` by what z `(n, size)` says of each channel; not at all at first.

    Feature-wise linear modulation (Perez et al. 2018).
    """

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, 2 * channels)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        scale, shift = self.linear(z)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, 1.0 + scale)
