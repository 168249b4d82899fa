"""The two sides of the game between a discriminator and what it should not tell apart."""

from torch import Tensor, nn
from torch.nn import functional as F


class DiscriminatorLoss(nn.Module):
    """softplus(-real) + softplus(fake), means over scores `(n,)` (Goodfellow et al. 2014)."""

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real).mean() + F.softplus(fake).mean()


class GeneratorLoss(nn.Module):
    """softplus(-fake), the non-saturating loss, mean over scores `(n,)`."""

    def forward(self, fake: Tensor) -> Tensor:
        return F.softplus(-fake).mean()
