"""Reconstruction of the latent through splitter and merger."""

from torch import Tensor, nn


class LatentLoss(nn.Module):
    """Mean absolute error between z and merger(splitter(z)), both `(n, 99)` (the paper's z reconstruction)."""

    def forward(self, merged: Tensor, z: Tensor) -> Tensor:
        return (merged - z).abs().mean()
