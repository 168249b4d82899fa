"""Swap-cycle consistency: what a swapped embedding asks for must be seen in the drawn face."""

from collections.abc import Collection

from torch import Tensor, nn

from model.attributes import SPACES, Attribute

LEAST_SPREAD = 0.01
"""Below this spread (1 - cosine, or radians) a batch's faces count as alike, and errors are not blown up."""


class CycleLoss(nn.Module):
    """Distance of the re-encoded embedding to the swapped one, mean over some attributes, `(n, 99)` each.

    Each attribute's mean distance, 1 - cosine on the sphere and |error| over the angles for pose, is divided by the
    mean distance between neighbours in the batch: expressions lie close together and count as much as identities,
    which lie far apart. So 0 is perfect, and 1 is no better than another face's.
    """

    def __init__(self, attributes: Collection[Attribute] = tuple(Attribute)) -> None:
        super().__init__()
        self._spaces = [SPACES[attribute] for attribute in attributes]

    def forward(self, reencoded: Tensor, swapped: Tensor) -> Tensor:
        neighbour = swapped.roll(1, dims=0)
        terms = []
        for space in self._spaces:
            mine, asked, other = (x[:, space.slice] for x in (reencoded, swapped, neighbour))
            spread = _distance(asked, other, space.unit).detach().clamp(min=LEAST_SPREAD)
            terms.append(_distance(mine, asked, space.unit) / spread)
        return sum(terms[1:], terms[0]) / len(terms)


def _distance(a: Tensor, b: Tensor, unit: bool) -> Tensor:
    return (1.0 - (a * b).sum(dim=1)).mean() if unit else (a - b).abs().mean()
