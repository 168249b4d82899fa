"""The networks that the model learns to deceive."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.networks.config import SMALLEST_MAP, NetworkConfig

SLOPE = 0.2
"""Of the leaky rectifier below 0."""


class LatentDiscriminator(nn.Module):
    """Tells latents of photographs from samples of N(0, I): z `(n, 99)` -> scores `(n,)`, high for N(0, I)."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(EMBEDDING_SIZE, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, 1),
        )

    def forward(self, z: Tensor) -> Tensor:
        scores: Tensor = self.net(z)
        return scores.squeeze(1)


class ImageDiscriminator(nn.Module):
    """Tells photographs from drawn faces: images `(n, 3, size, size)` -> scores, high for photographs.

    A residual network without normalisation (Karras et al. 2020, without its statistics over the batch, so that a
    score does not depend on what else is judged), as wide and deep as the decoder. One score a picture `(n, 1)`, or
    with `patches` one for each place of a map of 8 by 8 `(n, 64)` (Isola et al. 2017), which says where it looks wrong.
    """

    def __init__(self, config: NetworkConfig, patches: bool = False) -> None:
        super().__init__()
        channels = (*config.finer_channels[::-1], *config.channels)
        if patches:
            channels = channels[:-1]  # down to maps of twice the smallest size
        self.stem = nn.Conv2d(3, channels[0], 5, stride=2, padding=2)
        self.body = nn.Sequential(*(Halving(count, out) for count, out in pairwise(channels)))
        self.head = nn.Conv2d(channels[-1], 1, 1 if patches else SMALLEST_MAP)
        self.look: Callable[[Tensor], tuple[Tensor, list[Tensor]]] = self._looked
        """The scores, and the features `(n, c, h, w)` of each size from half the picture's down."""

    def compile_look(self, backend: str) -> None:
        """Make one program of `look`. Not of `forward`, whose slope's slope `torch.compile` cannot give."""
        self.look = torch.compile(self._looked, backend=backend, dynamic=False)

    def forward(self, images: Tensor) -> Tensor:
        scores, _ = self._looked(images)
        return scores

    def _looked(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = self.stem(images)
        maps = [x]
        for layer in self.body:
            x = layer(x)
            maps.append(x)
        scores: Tensor = self.head(F.leaky_relu(x, SLOPE))
        return scores.flatten(1), maps


class Halving(nn.Module):
    """Two 3×3 convolutions and a skip connection, then half the size: `(n, c, h, w)` -> `(n, c', h/2, w/2)`."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, out, 3, stride=2, padding=1)
        self.skip = nn.Conv2d(channels, out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.leaky_relu(x, SLOPE))
        y = self.conv2(F.leaky_relu(y, SLOPE))
        halved: Tensor = (y + self.skip(F.avg_pool2d(x, 2))) * 0.5**0.5
        return halved
