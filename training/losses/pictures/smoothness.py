"""Unrest of a drawn picture where no photograph says what is to be seen."""

from torch import Tensor, nn

from training.losses.pictures.masked import masked_mean


class SmoothnessLoss(nn.Module):
    """Total variation (Rudin et al. 1992), the mean absolute difference of neighbours, by what each pixel counts.

    Pictures `(n, 3, h, w)` in [-1, 1]; weights `(n, 1, h, w)`, at least 0. A difference counts as the lesser of its two
    pixels does, so that the edge of what counts may be one of the picture, too.
    """

    def forward(self, drawn: Tensor, mask: Tensor) -> Tensor:
        return _variation(drawn, mask) + _variation(drawn.transpose(2, 3), mask.transpose(2, 3))


def _variation(drawn: Tensor, mask: Tensor) -> Tensor:
    """Of neighbours in a line."""
    steps = (drawn[..., 1:] - drawn[..., :-1]).abs().mean(dim=1, keepdim=True)
    return masked_mean(steps, mask[..., 1:].minimum(mask[..., :-1]))
