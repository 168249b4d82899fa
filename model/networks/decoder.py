"""The residual network that draws a face: the encoder's mirror."""

from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.networks.blocks import Modulation, Residual, Up, norm
from model.networks.config import SMALLEST_MAP, NetworkConfig

FINE_CHANNELS = 16
"""Feature channels at the reading size, and at each finer size but the last."""


class Decoder(nn.Module):
    """Latents z `(n, 99)` -> images `(n, 3, size, size)` in [-1, 1], size being the drawing size."""

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
        modulated = (*channels[1:], *config.finer_channels) if config.modulated else ()
        self.modulations = nn.ModuleList(Modulation(EMBEDDING_SIZE, count) for count in modulated)
        self.norm = norm(channels[-1])
        self.fine = nn.Sequential(
            nn.Conv2d(channels[-1], 4 * FINE_CHANNELS, 3, padding=1), nn.PixelShuffle(2), nn.SiLU()
        )
        self.paint = nn.Conv2d(FINE_CHANNELS, 3, 3, padding=1)
        last = len(config.finer_channels) - 1
        self.finer = nn.ModuleList(Finer(count, level < last) for level, count in enumerate(config.finer_channels))

    def readers(self) -> list[nn.Linear]:
        """The layers that read z."""
        return [layer for layer in self.modules() if isinstance(layer, nn.Linear)]

    def forward(self, z: Tensor) -> Tensor:
        return self.unbounded(z).tanh()

    def unbounded(self, z: Tensor) -> Tensor:
        """The images before the hyperbolic tangent that brings them into [-1, 1]."""
        modulations = iter(self.modulations)
        x = self.head(z).unflatten(1, (self.first, SMALLEST_MAP, SMALLEST_MAP))
        for layer in self.body:
            x = layer(x)
            if isinstance(layer, Up) and self.modulations:
                x = next(modulations)(x, z)
        x = self.fine(F.silu(self.norm(x)))
        image: Tensor = self.paint(x)
        for level in self.finer:
            x, image = level(x, image, z, next(modulations, None))
        return image


class Finer(nn.Module):
    """Doubles the picture: what it adds to the enlarged picture is 0 until it has learnt (Karras et al. 2020, skips).

    Features `(n, 16, h, w)` and picture `(n, 3, h, w)` before its tanh -> features `(n, 16, 2h, 2w)`, which the last
    level leaves as they are, and picture `(n, 3, 2h, 2w)`.
    """

    def __init__(self, channels: int, has_next: bool) -> None:
        super().__init__()
        self.enter = nn.Conv2d(FINE_CHANNELS, channels, 3, padding=1)
        self.residual = Residual(channels)
        self.norm = norm(channels)
        self.paint = nn.Conv2d(channels, 4 * 3, 3, padding=1)
        self.spread = nn.Conv2d(channels, 4 * FINE_CHANNELS, 3, padding=1) if has_next else None
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, image: Tensor, z: Tensor, modulation: nn.Module | None) -> tuple[Tensor, Tensor]:
        x = self.enter(x)
        if modulation is not None:
            x = modulation(x, z)
        x = F.silu(self.norm(self.residual(x)))
        enlarged = F.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=False)
        image = enlarged + F.pixel_shuffle(self.paint(x), 2)
        return x if self.spread is None else F.silu(F.pixel_shuffle(self.spread(x), 2)), image
