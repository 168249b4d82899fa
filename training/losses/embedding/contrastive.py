"""Supervised contrast within a batch."""

import torch
from torch import Tensor, nn


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
        vectors, labels = vectors[known], labels[known]
        self_pairs = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        positive = (labels[:, None] == labels[None, :]) & ~self_pairs
        anchors = positive.any(dim=1)
        if not anchors.any():
            return vectors.sum() * 0.0
        logits = (vectors @ vectors.T / self.temperature).masked_fill(self_pairs, -torch.inf)
        share = (logits - logits.logsumexp(dim=1, keepdim=True)).masked_fill(~positive, 0.0)
        return -(share.sum(dim=1)[anchors] / positive.sum(dim=1)[anchors]).mean()
