"""Distance of two pictures in the features of the critic that judges them."""

from collections.abc import Sequence

from torch import Tensor, nn


class FeatureMatchingLoss(nn.Module):
    """Mean absolute difference of features `(n, c, h, w)`, mean over maps (Salimans et al. 2016, Wang et al. 2018).

    Each map's difference is over the photographs' own mean size, so that a critic that shouts is not heard more.
    """

    def forward(self, drawn: Sequence[Tensor], image: Sequence[Tensor]) -> Tensor:
        terms = [
            (mine - other.detach()).abs().mean() / other.detach().abs().mean().clamp(min=1e-6)
            for mine, other in zip(drawn, image, strict=True)
        ]
        return sum(terms[1:], terms[0]) / len(terms)
