"""Latents brought to N(0, I) without an opponent."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.losses.embedding.queue import Queue


class MomentsLoss(nn.Module):
    """Sliced Wasserstein distance to N(0, I) (Kolouri et al. 2019; Bonneel et al. 2015), squared.

    Latents `(n, size)` and the queue of past ones are projected on random directions. In each, the number of rank r of
    the m numbers belongs at the normal quantile of (r + 1/2) / m; the loss is the mean squared way there, over the
    batch's own rows, so that its gradient does not depend on the length of the queue. A loss without a game: unlike a
    discriminator it cannot chase the latents about.
    """

    def __init__(self, queue: int = 1024) -> None:
        super().__init__()
        self.queue = Queue(queue)

    def forward(self, z: Tensor, directions: Tensor | None = None) -> Tensor:
        """Directions `(size, k)` need not have length 1; without them, the axes count."""
        if directions is None:
            directions = torch.eye(z.shape[1], device=z.device)
        everyone = self.queue.joined(z)
        along = F.normalize(directions, dim=0).T @ everyone.T  # a row for each direction, which sorts fast
        quantiles = torch.special.ndtri((torch.arange(len(everyone), device=z.device) + 0.5) / len(everyone))
        places = along.detach().argsort(dim=1)
        targets = torch.empty_like(along).scatter_(1, places, quantiles.expand_as(along))
        way: Tensor = (along - targets)[:, : len(z)]
        return way.square().mean()
