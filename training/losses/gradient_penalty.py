"""The slope of a discriminator, held small so that the game against it stays stable."""

import torch
from torch import Tensor, nn


class GradientPenalty(nn.Module):
    """R1 (Mescheder et al. 2018): half the mean squared gradient of the scores `(n,)` in their inputs `(n, ...)`.

    The inputs must require gradients when the scores are computed. Given for photographs and for fakes alike it is
    R1 and R2 together.
    """

    def forward(self, scores: Tensor, inputs: Tensor) -> Tensor:
        [gradient] = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
        return gradient.square().flatten(1).sum(dim=1).mean() / 2
