"""Learning a sub-vector's geometry from outside features."""

import torch
from torch import Tensor, nn


class DistillationLoss(nn.Module):
    """Bring the mutual similarities of unit vectors to their targets' (Park et al. 2019), and them to the targets.

    For vectors x and targets t, `(n, d)` of length 1:
    direct · mean(1 - x·t) + sqrt(mean over pairs i≠j of max(0, |x_i·x_j - t_i·t_j| - tolerance)²).
    Without the direct term and with some tolerance the vectors keep the distances that they must keep and are free
    otherwise, to hold what the targets do not know. Rows of `known` `(n,)` that are False count nothing.
    """

    def __init__(self, direct: float = 1.0, tolerance: float = 0.0) -> None:
        super().__init__()
        if direct < 0 or tolerance < 0:
            raise ValueError(f"direct and tolerance are at least 0, not {direct} and {tolerance}")
        self.direct, self.tolerance = direct, tolerance

    def forward(self, vectors: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        enough = known.sum() >= 2
        known = known & enough
        targets = targets.masked_fill(~known[:, None], 0.0)
        direct = ((1.0 - (vectors * targets).sum(dim=1)) * known).sum() / known.sum().clamp(min=1)
        difference = vectors @ vectors.T - targets @ targets.T
        pairs = known[:, None] & known & ~torch.eye(len(known), dtype=torch.bool, device=vectors.device)
        beyond = (difference.abs() - self.tolerance).clamp(min=0.0).masked_fill(~pairs, 0.0)
        mean = (beyond**2).sum() / pairs.sum().clamp(min=1)
        return (self.direct * direct + mean.add(1e-8).sqrt()) * enough
