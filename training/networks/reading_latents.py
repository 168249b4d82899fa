"""What an outside network would read in a drawing, told from the latent that is drawn."""

from typing import Self

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE

HIDDEN, DROPOUT = 512, 0.1
MEMBERS = 2
"""Networks whose mean is told; alone, each is surer than it should be."""
STEPS, BATCH, RATE, DECAY = 2500, 512, 2e-3, 0.05
NEAR = 0.05
"""Deviation of what is added to latents while it learns."""


class LatentReader(nn.Module):
    """Numbers `(n, d)` of latents `(n, 99)`: the mean of small networks, each beside a linear map."""

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        """`mean` and `scale` `(d,)` of the numbers."""
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.members = nn.ModuleList(_Member(len(mean)) for _ in range(MEMBERS))

    def forward(self, z: Tensor) -> Tensor:
        told: Tensor = torch.stack([member(z) for member in self.members]).mean(dim=0)
        return self.mean + self.scale * told

    @classmethod
    def fit(cls, z: Tensor, numbers: Tensor, steps: int = STEPS, seed: int = 0) -> Self:
        """Learn numbers `(n, d)` of latents `(n, 99)` by least squares; what is returned learns no more."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            reader = cls(numbers.mean(dim=0), numbers.std(dim=0).mean().expand(numbers.shape[1]).clone())
            generator = Generator().manual_seed(seed)
            optimiser = torch.optim.AdamW(reader.parameters(), RATE, weight_decay=DECAY)
            for step in range(steps):
                rows = torch.randint(len(z), (MEMBERS, BATCH), generator=generator)
                near = z[rows] + NEAR * torch.randn(MEMBERS, BATCH, z.shape[1], generator=generator)
                asked = (numbers[rows] - reader.mean) / reader.scale
                told = torch.stack([member(some) for member, some in zip(reader.members, near, strict=True)])
                for group in optimiser.param_groups:
                    group["lr"] = RATE * (1.0 - step / steps)
                optimiser.zero_grad()
                (MEMBERS * F.mse_loss(told, asked)).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        return reader.eval().requires_grad_(False)


class _Member(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.straight = nn.Linear(EMBEDDING_SIZE, size)
        self.curved = nn.Sequential(
            nn.Linear(EMBEDDING_SIZE, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN, size),
        )

    def forward(self, z: Tensor) -> Tensor:
        told: Tensor = self.straight(z) + self.curved(z)
        return told
