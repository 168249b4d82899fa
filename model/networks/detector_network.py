"""The network that finds faces: an anchor-free detector with three scales."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.detector_cells import FARTHEST, OUTPUTS, POINTS, STRIDES, cell_places


@dataclass(frozen=True)
class DetectorConfig:
    """The sizes of the network. Raises ValueError if they do not fit each other."""

    channels: tuple[int, int, int, int, int] = (16, 32, 64, 112, 160)
    """Feature channels at a half, a quarter, an eighth, a 16th and a 32nd of the picture."""
    depths: tuple[int, int, int, int] = (1, 2, 3, 3)
    """Blocks at a quarter, an eighth, a 16th and a 32nd, beside the one that halves the map."""
    width: int = 64
    """Channels of the maps from which each scale's head reads."""

    def __post_init__(self) -> None:
        if len(self.channels) != 5 or len(self.depths) != 4:
            raise ValueError(f"expected 5 channels and 4 depths, not {self.channels} and {self.depths}")
        if min(*self.channels, self.width) < 1 or min(self.depths) < 0:
            raise ValueError(f"expected positive sizes, not {self}")

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "DetectorConfig":
        """From parsed JSON or TOML. Raises TypeError for an unknown name, ValueError for sizes that do not fit."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return cls(**values)


class Separable(nn.Module):
    """A 3×3 convolution of each channel, then a mix of the channels (Howard et al. 2017).

    `(n, c, h, w)` -> `(n, c', h/stride, w/stride)`; where the sizes stay, what came in is added.
    """

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        self.spread_norm = nn.BatchNorm2d(channels)
        self.mix = nn.Conv2d(channels, out, 1, bias=False)
        self.mix_norm = nn.BatchNorm2d(out)
        self.adds = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu(self.mix_norm(self.mix(self.spread_norm(self.spread(x)))))
        return x + y if self.adds else y


class DetectorNetwork(nn.Module):
    """Pictures `(n, 3, h, w)` in [-1, 1], sides multiples of 32, -> for each stride s `(n, 15, h/s, w/s)`.

    A cell's numbers are the score's logit; the distances from the cell's middle to the left, upper, right and lower
    side of the face's box, as logarithms of strides; x and y of five points from the cell's middle, in strides.
    """

    def __init__(self, config: DetectorConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DetectorConfig()
        first, *channels = config.channels
        self.stem = nn.Sequential(nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        self.levels = nn.ModuleList()
        before = first
        for count, depth in zip(channels, config.depths, strict=True):
            blocks = [Separable(before, count, 2), *(Separable(count, count) for _ in range(depth))]
            self.levels.append(nn.Sequential(*blocks))
            before = count
        self.sides = nn.ModuleList(nn.Conv2d(count, config.width, 1) for count in channels[1:])
        self.joins = nn.ModuleList(Separable(config.width, config.width) for _ in STRIDES)
        self.heads = nn.ModuleList(_head(config.width) for _ in STRIDES)

    def forward(self, images: Tensor) -> list[Tensor]:
        x = self.levels[0](self.stem(images))
        maps = []
        for level in self.levels[1:]:
            x = level(x)
            maps.append(x)
        found: list[Tensor] = []
        above: Tensor | None = None
        for features, side, join, head in reversed(list(zip(maps, self.sides, self.joins, self.heads, strict=True))):
            joined: Tensor = side(features)
            if above is not None:
                joined = joined + F.interpolate(above, scale_factor=2.0, mode="nearest")
            above = join(joined)
            found.append(head(above))
        return found[::-1]


def _head(width: int) -> nn.Sequential:
    last = nn.Conv2d(width, OUTPUTS, 1)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        last.bias[0] = -4.6  # type: ignore[index]  # a hundredth: nearly all cells see no face
        last.bias[1:5] = 0.7  # type: ignore[index]  # a box of four strides
    return nn.Sequential(Separable(width, width), last)


@dataclass(frozen=True)
class Cells:
    """The numbers of all cells of all scales, in pixels of the pictures."""

    logits: Tensor
    """`(n, cells)`."""
    boxes: Tensor
    """`(n, cells, 4)`: left, top, right, bottom."""
    points: Tensor
    """`(n, cells, 5, 2)`."""


def middles(height: int, width: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """The middles `(cells, 2)` of all cells of a picture as x and y, and the stride `(cells,)` of each."""
    places, strides = (torch.from_numpy(each).to(device) for each in cell_places(height, width))
    return places, strides


def numbers_of(maps: list[Tensor]) -> Tensor:
    """What the network's maps say `(n, cells, 15)`, the cells of the smallest stride first, row by row."""
    return torch.cat([each.flatten(2).transpose(1, 2) for each in maps], dim=1)


def decoded(maps: list[Tensor], grid: tuple[Tensor, Tensor] | None = None) -> Cells:
    """What the network's maps say, in pixels; pixel 0 reaches from 0 to 1. `grid` is what `middles` says of them."""
    numbers = numbers_of(maps).float()
    height, width = (STRIDES[0] * side for side in maps[0].shape[2:])
    middle, stride = grid or middles(height, width, numbers.device)
    reach = torch.exp(numbers[..., 1:5].clamp(max=FARTHEST)) * stride[:, None]
    boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], dim=-1)
    points = middle[:, None] + numbers[..., 5:].reshape(*numbers.shape[:2], POINTS, 2) * stride[:, None, None]
    return Cells(numbers[..., 0], boxes, points)
