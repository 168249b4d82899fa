"""The small networks between the latent z and the embedding f (the paper's E and G)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES
from model.networks.config import NetworkConfig


def mlp(hidden: int) -> nn.Sequential:
    """A perceptron with two hidden layers, `(n, 99)` -> `(n, 99)`."""
    return nn.Sequential(
        nn.Linear(EMBEDDING_SIZE, hidden),
        nn.SiLU(),
        nn.Linear(hidden, hidden),
        nn.SiLU(),
        nn.Linear(hidden, EMBEDDING_SIZE),
    )


class Splitter(nn.Module):
    """Latents z `(n, 99)` -> embeddings f `(n, 99)`, unit sub-vectors of length 1."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.mlp = mlp(config.hidden)

    def forward(self, z: Tensor) -> Tensor:
        raw = self.mlp(z).float()
        return torch.cat(
            [F.normalize(raw[:, s.slice], dim=1) if s.unit else raw[:, s.slice] for s in SPACES.values()], dim=1
        )


class Merger(nn.Module):
    """Embeddings f `(n, 99)` -> latents z' `(n, 99)`."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.mlp = mlp(config.hidden)

    def forward(self, f: Tensor) -> Tensor:
        z: Tensor = self.mlp(f)
        return z
