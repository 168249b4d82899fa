"""The networks that the model learns to deceive."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.networks.config import SMALLEST_MAP, NetworkConfig
from training.networks.classifier_features import LEVELS, LiteFeatures

SLOPE = 0.2
"""Of the leaky rectifier below 0."""
HEAD_CHANNELS = 64
"""Of the layers that judge a classifier's features."""
FEATURE_SIZE = 10.0
"""About the deviation of these features over photographs."""


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
    With `classifier` those of a `ClassifierDiscriminator` follow.
    """

    def __init__(self, config: NetworkConfig, patches: bool = False, classifier: bool = False) -> None:
        super().__init__()
        channels = (*config.finer_channels[::-1], *config.channels)
        if patches:
            channels = channels[:-1]  # down to maps of twice the smallest size
        self.stem = nn.Conv2d(3, channels[0], 5, stride=2, padding=2)
        self.body = nn.Sequential(*(Halving(count, out) for count, out in pairwise(channels)))
        self.head = nn.Conv2d(channels[-1], 1, 1 if patches else SMALLEST_MAP)
        self.classifier = ClassifierDiscriminator() if classifier else None
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
        scores: Tensor = self.head(F.leaky_relu(x, SLOPE)).flatten(1)
        if self.classifier is not None:
            scores = torch.cat([scores, self.classifier(images)], dim=1)
        return scores, maps


class ClassifierDiscriminator(nn.Module):
    """Judges by what an image classifier sees: images `(n, 3, size, size)` -> scores `(n, 3 * (size / 16)²)`.

    Who knows what pictures hold need not learn it from these few (Sauer et al. 2021). A small head for each level of
    features from a quarter of the picture's size down, each with one score for each place of the last level's map.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = LiteFeatures()
        halvings = range(len(LEVELS) - 2, -1, -1)
        self.heads = nn.ModuleList(_head(channels, count) for channels, count in zip(LEVELS[1:], halvings, strict=True))

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)[1:]
        scores = [head(each / FEATURE_SIZE).flatten(1) for head, each in zip(self.heads, maps, strict=True)]
        return torch.cat(scores, dim=1)


def _head(channels: int, halvings: int) -> nn.Sequential:
    """A score for each place of a map `(n, channels, h, w)`, reduced to half its size so many times."""
    layers: list[nn.Module] = [nn.Conv2d(channels, HEAD_CHANNELS, 1), nn.LeakyReLU(SLOPE)]
    for _ in range(halvings):
        layers += [nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    layers += [nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 3, padding=1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Conv2d(HEAD_CHANNELS, 1, 1))


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
