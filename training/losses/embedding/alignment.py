"""Agreement of unit vectors that should be the same."""

from torch import Tensor, nn


class AlignmentLoss(nn.Module):
    """Mean of 1 - cosine (Wang and Isola 2020, squared form) between vectors `(n, d)` of length 1, row by row."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return (1.0 - (first * second).sum(dim=1)).mean()
