"""Spread of unit vectors over the sphere."""

import math

import torch
from torch import Tensor, nn


class UniformityLoss(nn.Module):
    """log mean exp(-t ‖x_i - x_j‖²) over pairs (Wang and Isola 2020), plus 4t so that it is never negative.

    Without it a sub-vector that no label holds in place, style, collapses to a constant. Vectors `(n, d)`, length 1.
    """

    def __init__(self, temperature: float = 2.0) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, not {temperature}")
        self.temperature = temperature

    def forward(self, vectors: Tensor) -> Tensor:
        squares = 2.0 - 2.0 * vectors @ vectors.T
        selves = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
        energy = (-self.temperature * squares).masked_fill(selves, -torch.inf)
        pairs = len(vectors) * (len(vectors) - 1)
        return torch.logsumexp(energy.flatten(), dim=0) - math.log(pairs) + 4.0 * self.temperature
