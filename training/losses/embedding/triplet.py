"""Triplets within a batch: same class near, other classes far."""

import torch
from torch import Tensor, nn


class TripletLoss(nn.Module):
    """Batch-hard triplets (Hermans et al. 2017) on the sphere: mean of max(0, margin + farthest same - nearest other).

    Distances are 1 - cosine. Vectors `(n, d)` of length 1; labels `(n,)`, those below 0 count nothing. An anchor
    counts if the batch holds another of its class and one of another class.
    """

    def __init__(self, margin: float = 0.3) -> None:
        super().__init__()
        if margin <= 0:
            raise ValueError(f"margin must be above 0, not {margin}")
        self.margin = margin

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        counted = known[:, None] & known
        same = labels[:, None] == labels
        positive = counted & same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        negative = counted & ~same
        anchors = positive.any(dim=1) & negative.any(dim=1)
        distances = 1.0 - vectors @ vectors.T
        farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
        nearest = distances.masked_fill(~negative, torch.inf).amin(dim=1)
        missing = (self.margin + farthest - nearest).masked_fill(~anchors, 0.0).clamp(min=0.0)
        return missing.sum() / anchors.sum().clamp(min=1)
