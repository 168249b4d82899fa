"""Triplets whose sides are graded: expressions that differ more lie farther apart."""

import torch
from torch import Tensor, nn

REACH = 12
"""Each face is compared with so many that follow it; rows come in random order, so these are random triplets."""
LEAST_DIFFERENCE = 1e-3
"""Label distances nearer to each other than this are no reason to order two faces."""
WIDEST = 8.0**0.5
"""The greatest distance in the square of valence and arousal, each from -1 to 1."""


class GradedTripletLoss(nn.Module):
    """Triplets by emotion class and by distance in valence and arousal.

    The labels of two faces lie D apart: 1 for different classes and 0 for the same, plus their distance in valence and
    arousal over its greatest value, √8; the mean of those two that are known of both. For an anchor a and faces p and
    n with D(a, p) < D(a, n), max(0, margin · (D(a, n) - D(a, p)) + d(a, p) - d(a, n)), where d is 1 - cosine; mean over
    triplets. With classes alone it is the triplet loss of Schroff et al. 2015 over all triplets; distances that grade
    the margin are those of Browatzki and Wallraven 2019 (also Kim et al. 2019, "Beyond binary supervision").
    """

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__()
        if margin <= 0:
            raise ValueError(f"margin must be above 0, not {margin}")
        self.margin = margin

    def forward(self, vectors: Tensor, labels: Tensor, valence_arousal: Tensor) -> Tensor:
        """Vectors `(n, d)` of length 1; labels `(n,)`, below 0 where unknown; `(n, 2)`, NaN where unknown."""
        steps = torch.arange(1, min(REACH, len(vectors) - 1) + 1, device=vectors.device)
        others = (torch.arange(len(vectors), device=vectors.device)[:, None] + steps) % len(vectors)
        apart = label_distance(labels[:, None], labels[others], valence_arousal[:, None], valence_arousal[others])
        distance = 1.0 - (vectors[:, None] * vectors[others]).sum(dim=2)
        # Axes: anchors, then the nearer face, then the farther one. An unknown distance, NaN, is no difference.
        wanted = (apart[:, None, :] - apart[:, :, None]).nan_to_num()
        counted = wanted > LEAST_DIFFERENCE
        missing = self.margin * wanted + distance[:, :, None] - distance[:, None, :]
        return (missing.clamp(min=0.0) * counted).sum() / counted.sum().clamp(min=1)


def label_distance(label: Tensor, other: Tensor, feeling: Tensor, others: Tensor) -> Tensor:
    """From 0 to 1; NaN where neither the classes nor valence and arousal of both are known."""
    by_class = (label != other).float().masked_fill((label < 0) | (other < 0), torch.nan)
    by_feeling = (feeling - others).norm(dim=-1) / WIDEST
    known = (~by_class.isnan()).float() + (~by_feeling.isnan())
    distance: Tensor = (by_class.nan_to_num() + by_feeling.nan_to_num()) / known.masked_fill(known == 0, torch.nan)
    return distance
