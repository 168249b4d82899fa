"""The residual network that reads a face."""

from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.networks.blocks import Down, Residual, norm
from model.networks.config import SMALLEST_MAP, NetworkConfig


class Encoder(nn.Module):
    """Images `(n, 3, size, size)` in [-1, 1], of the reading size, -> latents z `(n, 99)`."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        first, last = config.channels[0], config.channels[-1]
        self.stem = nn.Conv2d(3, first, 5, stride=2, padding=2)
        layers: list[nn.Module] = []
        for level, (channels, depth) in enumerate(zip(config.channels, config.encoder_depths, strict=True)):
            if level:
                layers.append(Down(config.channels[level - 1], channels))
            layers += [Residual(channels) for _ in range(depth)]
        self.body = nn.Sequential(*layers)
        self.norm = norm(last)
        self.head = nn.Linear(last * SMALLEST_MAP**2, EMBEDDING_SIZE)

    def forward(self, images: Tensor) -> Tensor:
        x = self.body(self.stem(images))
        z: Tensor = self.head(F.silu(self.norm(x)).flatten(1))
        return z
