"""Classification of unit vectors with an additive cosine margin."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MarginSoftmaxLoss(nn.Module):
    """CosFace (Wang et al. 2018): cross entropy of scale · (cos θ - margin for the true class).

    Vectors `(n, d)` of length 1; labels `(n,)`, those below 0 count nothing. Holds a direction for each class.
    """

    def __init__(self, classes: int, size: int, scale: float = 16.0, margin: float = 0.2) -> None:
        super().__init__()
        if classes < 1 or scale <= 0 or not 0 <= margin < 1:
            raise ValueError(f"expected classes >= 1, scale > 0, 0 <= margin < 1, not {classes}, {scale}, {margin}")
        self.scale, self.margin = scale, margin
        self.directions = nn.Parameter(torch.randn(classes, size))

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        cosines = vectors @ F.normalize(self.directions, dim=1).T
        margins = self.margin * (labels[:, None] == torch.arange(len(self.directions), device=labels.device))
        losses = F.cross_entropy(self.scale * (cosines - margins), labels.clamp(min=0), reduction="none")
        return (losses * known).sum() / known.sum().clamp(min=1)
