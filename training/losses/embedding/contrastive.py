"""Supervised contrast within a batch."""

import torch
from torch import Tensor, nn

LEAST = -1e30
"""The logit of a pair that does not count."""


class ContrastiveLoss(nn.Module):
    """Supervised contrastive loss (Khosla et al. 2020, L_out): for each anchor i with others of its class P(i),

    mean over p in P(i) of -log(exp(x_i·x_p / t) / sum over a ≠ i of exp(x_i·x_a / t)), mean over anchors. Vectors
    `(n, d)` of length 1; labels `(n,)`, those below 0 count nothing, neither as same nor as other.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, not {temperature}")
        self.temperature = temperature

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        others = known[:, None] & known & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        positive = (labels[:, None] == labels) & others
        # As much as minus infinity, which would make no number of a row without others.
        logits = (vectors @ vectors.T / self.temperature).masked_fill(~others, LEAST)
        share = (logits - logits.logsumexp(dim=1, keepdim=True)).masked_fill(~positive, 0.0)
        partners = positive.sum(dim=1)
        anchors = (partners > 0).sum().clamp(min=1)
        return -(share.sum(dim=1) / partners.clamp(min=1)).sum() / anchors
