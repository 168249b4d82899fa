"""Regression of the head's pose."""

from torch import Tensor, nn
from torch.nn import functional as F

SCALE = 0.1
"""Radians at which the error's square turns into its absolute value."""


class PoseLoss(nn.Module):
    """Huber loss over the angles in units of `SCALE`: pose `(n, 3)` and labels `(n, 3)`, radians.

    Rows of `known` `(n,)` that are False count nothing.
    """

    def forward(self, pose: Tensor, label: Tensor, known: Tensor) -> Tensor:
        error = F.huber_loss(pose / SCALE, label / SCALE, reduction="none").mean(dim=1)
        return (error * known).sum() / known.sum().clamp(min=1)
