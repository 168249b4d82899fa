"""What one sub-vector tells of another."""

from itertools import combinations

import torch
from torch import Tensor, nn

from model.attributes import SPACES
from training.losses.queue import Queue


class LeakageLoss(nn.Module):
    """Mean over pairs of sub-vectors of their RV coefficient (Robert and Escoufier 1976; also linear CKA).

    For X and Y, columns less their means, over a batch `(n, 99)` and the queue of past ones:
    ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖), Frobenius norms: 0 if no number of one is correlated with any of the other, 1 if one is the
    other turned. Of each pair the one that comes first in the embedding stands still: labels hold pose best, then
    identity, then expression, and the later one gives up what it knows of the earlier.
    """

    def __init__(self, queue: int = 1024) -> None:
        super().__init__()
        self.queue = Queue(queue)

    def forward(self, f: Tensor) -> Tensor:
        everyone = self.queue.joined(f)
        everyone = everyone - everyone.mean(dim=0)
        parts = [everyone[:, space.slice] for space in SPACES.values()]
        return torch.stack([rv_coefficient(first.detach(), later) for first, later in combinations(parts, 2)]).mean()


def rv_coefficient(x: Tensor, y: Tensor) -> Tensor:
    """Linear dependence of centred `(n, d)` and `(n, e)`, from 0 to 1; 0 where one of them does not vary."""
    both: Tensor = torch.linalg.norm(x.T @ x) * torch.linalg.norm(y.T @ y)
    shared: Tensor = (x.T @ y).square().sum()
    return shared / both.clamp(min=1e-12)
