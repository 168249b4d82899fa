"""Swap-cycle consistency: what a swapped embedding asks for must be seen in the drawn face."""

from torch import Tensor, nn

from model.attributes import SPACES

POSE_SCALE = 0.1
"""Radians of pose error that weigh like opposite unit vectors' half distance."""


class CycleLoss(nn.Module):
    """Distance of the re-encoded embedding to the swapped one, mean over the four attributes, `(n, 99)` each.

    1 - cosine on the sphere; |error| / POSE_SCALE, mean over the angles, for pose.
    """

    def forward(self, reencoded: Tensor, swapped: Tensor) -> Tensor:
        terms = []
        for space in SPACES.values():
            a, b = reencoded[:, space.slice], swapped[:, space.slice]
            terms.append((1.0 - (a * b).sum(dim=1)).mean() if space.unit else (a - b).abs().mean() / POSE_SCALE)
        return sum(terms[1:], terms[0]) / len(terms)
