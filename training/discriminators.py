"""The networks that the model learns to deceive."""

from torch import Tensor, nn

from model.attributes import EMBEDDING_SIZE


class LatentDiscriminator(nn.Module):
    """Tells latents of photographs from samples of N(0, I): z `(n, 99)` -> scores `(n,)`, high for N(0, I)."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(EMBEDDING_SIZE, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, z: Tensor) -> Tensor:
        scores: Tensor = self.net(z)
        return scores.squeeze(1)
