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
        vectors, labels = vectors[known], labels[known]
        same = labels[:, None] == labels[None, :]
        positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        anchors = positive.any(dim=1) & (~same).any(dim=1) if len(labels) else labels.bool()
        if not anchors.any():
            return vectors.sum() * 0.0
        distances = 1.0 - vectors @ vectors.T
        farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
        nearest = distances.masked_fill(same, torch.inf).amin(dim=1)
        return (self.margin + farthest - nearest)[anchors].clamp(min=0.0).mean()
