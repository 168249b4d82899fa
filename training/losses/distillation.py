"""Learning a sub-vector's geometry from outside features."""

import torch
from torch import Tensor, nn


class DistillationLoss(nn.Module):
    """Bring unit vectors to their targets, and their mutual similarities to the targets' (Park et al. 2019).

    For vectors x and targets t, `(n, d)` of length 1:
    mean(1 - x·t) + relation · sqrt(mean over pairs i≠j of (x_i·x_j - t_i·t_j)²).
    Rows of `known` `(n,)` that are False count nothing.
    """

    def __init__(self, relation: float = 1.0) -> None:
        super().__init__()
        if relation < 0:
            raise ValueError(f"relation is a weight of at least 0, not {relation}")
        self.relation = relation

    def forward(self, vectors: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        vectors, targets = vectors[known], targets[known]
        count = len(vectors)
        if count < 2:
            return vectors.sum() * 0.0
        direct = (1.0 - (vectors * targets).sum(dim=1)).mean()
        difference = vectors @ vectors.T - targets @ targets.T
        pairs = ~torch.eye(count, dtype=torch.bool, device=vectors.device)
        return direct + self.relation * (difference[pairs] ** 2).mean().add(1e-8).sqrt()
