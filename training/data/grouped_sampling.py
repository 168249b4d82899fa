"""Faces of one person, and of one video, brought together in batches."""

import torch
from torch import Generator, Tensor

PAIR = 2
"""Faces of one video that stay together within their person's."""


def grouped(rows: Tensor, labels: Tensor, size: int, generator: Generator) -> Tensor:
    """Rows `(n,)` reordered: up to `size` of one label follow each other, in their order; groups come at random.

    Labels `(n,)` belong to the rows; those below 0 are alone.
    """
    count = len(rows)
    own = torch.where(labels < 0, -1 - torch.arange(count), labels)
    order = own.argsort(stable=True)
    _, lengths = torch.unique_consecutive(own[order], return_counts=True)
    place = torch.arange(count) - (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    group = (place % size == 0).cumsum(0) - 1
    groups = int(group[-1]) + 1 if count else 0
    return rows[order][torch.randperm(groups, generator=generator)[group].argsort(stable=True)]


def together(rows: Tensor, identity: Tensor, video: Tensor, size: int, generator: Generator) -> Tensor:
    """Rows reordered so that up to `size` of one person follow each other, in pairs of a video where they have any.

    Losses that compare faces of a person need several in a batch: of thousands of people drawn at random few meet
    (Hermans et al. 2017 draw batches of P people with K faces each). `identity` and `video` are of all crops.
    """
    paired = grouped(rows, video[rows], PAIR, generator)
    return grouped(paired, identity[paired], size, generator)
