"""Distance of two pictures in the features of an image classifier."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.losses.pictures.masked import masked_mean
from training.networks.classifier_features import LiteFeatures


class PerceptualLoss(nn.Module):
    """Squared distance of unit feature columns (Zhang et al. 2018, LPIPS, without learned weights), mean over levels.

    Pictures `(n, 3, h, w)` in [-1, 1]. At each level the channels are scaled to length 1 at each place, and places
    count by the weights `(n, 1, h, w)`, at least 0, reduced to the level's size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = LiteFeatures()

    def forward(self, drawn: Tensor, image: Tensor, weights: Tensor) -> Tensor:
        with torch.no_grad():
            theirs = [*self._unit(image)]
        levels = []
        for mine, other in zip(self._unit(drawn), theirs, strict=True):
            distance = (mine - other).square().sum(dim=1, keepdim=True)
            levels.append(masked_mean(distance, F.adaptive_avg_pool2d(weights, mine.shape[-1])))
        return sum(levels[1:], levels[0]) / len(levels)

    def _unit(self, images: Tensor) -> Iterator[Tensor]:
        return (F.normalize(features.float(), dim=1) for features in self.features(images))
