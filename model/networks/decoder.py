"""The residual network that draws a face: the encoder's mirror."""

from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.networks.blocks import Residual, Up, norm
from model.networks.config import SMALLEST_MAP, NetworkConfig

FINE_CHANNELS = 16
"""Feature channels at full size."""


class Decoder(nn.Module):
    """Latents z `(n, 99)` -> images `(n, 3, size, size)` in [-1, 1]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels = config.channels[::-1]
        self.first = channels[0]
        self.head = nn.Linear(EMBEDDING_SIZE, self.first * SMALLEST_MAP**2)
        layers: list[nn.Module] = []
        for level, (count, depth) in enumerate(zip(channels, config.decoder_depths[::-1], strict=True)):
            if level:
                layers.append(Up(channels[level - 1], count))
            layers += [Residual(count) for _ in range(depth)]
        self.body = nn.Sequential(*layers)
        self.norm = norm(channels[-1])
        self.fine = nn.Sequential(
            nn.Conv2d(channels[-1], 4 * FINE_CHANNELS, 3, padding=1), nn.PixelShuffle(2), nn.SiLU()
        )
        self.paint = nn.Conv2d(FINE_CHANNELS, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.head(z).unflatten(1, (self.first, SMALLEST_MAP, SMALLEST_MAP))
        x = self.fine(F.silu(self.norm(self.body(x))))
        image: Tensor = self.paint(x).tanh()
        return image
