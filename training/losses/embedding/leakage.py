"""What one sub-vector tells of another."""

import math
from itertools import combinations

import torch
from torch import Generator, Tensor, nn

from model.attributes import SPACES, Attribute
from training.losses.embedding.queue import Queue

FEATURES = 96
"""Random features beside a sub-vector's own numbers, in which a linear probe reads what a kernel's would."""
RIDGE = 0.02
"""Over the mean variance of the features: what the probe pays for its weights."""


class LeakageLoss(nn.Module):
    """What a ridge regression explains of one sub-vector from another, R² from 0 to 1, mean over pairs.

    Of each pair the one that comes first in the embedding stands still: labels hold pose best, then identity, then
    expression, and the later one gives up what it knows of the earlier. The earlier one's numbers are scaled to
    variance 1, so that a direction in which little happens counts as much as any, and of pose their squares and
    products are asked too. The later one is read through its own numbers and random Fourier features of a Gaussian
    kernel (Rahimi and Recht 2007), redrawn in every step, so that what is hidden from a straight line is found as well.
    The sample is a batch `(n, 99)` and the queue of past ones; the batch's gradients count as if all rows had them.
    """

    def __init__(self, queue: int = 2048) -> None:
        super().__init__()
        self.queue = Queue(queue)

    def forward(self, f: Tensor, generator: Generator) -> Tensor:
        everyone = self.queue.joined(f)
        parts = {attribute: everyone[:, space.slice] for attribute, space in SPACES.items()}
        asked = {attribute: _asked(attribute, part.detach()) for attribute, part in parts.items()}
        probes = {attribute: lifted(part, generator) for attribute, part in parts.items()}
        value = torch.stack(
            [explained(asked[first], probes[later]) for first, later in combinations(Attribute, 2)]
        ).mean()
        return value.detach() + len(everyone) / len(f) * (value - value.detach())


def _asked(attribute: Attribute, part: Tensor) -> Tensor:
    if attribute is not Attribute.POSE:
        return part
    products = [part[:, i] * part[:, j] for i in range(part.shape[1]) for j in range(i, part.shape[1])]
    return torch.cat([part, torch.stack(products, dim=1)], dim=1)


def lifted(part: Tensor, generator: Generator) -> Tensor:
    """A sub-vector `(n, d)`, standardised, and random features `(n, d + 96)` of a kernel as wide as it is long."""
    part = _standardised(part)
    size = part.shape[1]
    directions = torch.randn(size, FEATURES, generator=generator, device=part.device) / math.sqrt(size)
    shifts = 2 * math.pi * torch.rand(FEATURES, generator=generator, device=part.device)
    return torch.cat([part, math.sqrt(2) * torch.cos(part @ directions + shifts)], dim=1)


def explained(asked: Tensor, read: Tensor) -> Tensor:
    """R² of `(n, d)` from `(n, e)` by ridge regression, each number of `asked` at variance 1; from 0 to 1."""
    y, x = _standardised(asked), read - read.mean(dim=0)
    covariance = x.T @ x / len(x)
    ridge = RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance), device=x.device)
    both = x.T @ y / len(x)
    # The ridge keeps it regular; `solve` would wait for the device to see whether it is.
    weights, _ = torch.linalg.solve_ex(covariance + ridge, both)
    # What the regression explains, less what its ridge gave up: 2 wᵀ c - wᵀ C w.
    gained: Tensor = (2 * weights * both).sum() - (weights * (covariance @ weights)).sum()
    return gained / y.shape[1]


def _standardised(x: Tensor) -> Tensor:
    x = x - x.mean(dim=0)
    return x / x.std(dim=0).clamp(min=1e-4)
