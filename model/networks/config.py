"""The sizes of the networks, which travel with every checkpoint."""

from dataclasses import asdict, dataclass
from typing import Any

IMAGE_SIZES = (64, 128, 256)
SMALLEST_MAP = 4
"""Height and width of the deepest feature maps."""


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes from which the networks are rebuilt. Raises ValueError if they do not fit each other."""

    image_size: int = 64
    channels: tuple[int, ...] = (32, 64, 128, 256)
    """Feature channels at half the image size, a quarter, and so on down to 4 pixels; multiples of 8."""
    encoder_depths: tuple[int, ...] = (1, 1, 2, 2)
    """Residual blocks at each of these levels."""
    decoder_depths: tuple[int, ...] = (1, 1, 2, 1)
    hidden: int = 256
    """Width of the splitter's and merger's hidden layers."""

    def __post_init__(self) -> None:
        if self.image_size not in IMAGE_SIZES:
            raise ValueError(f"image_size is {self.image_size}, expected one of {IMAGE_SIZES}")
        levels = (self.image_size // SMALLEST_MAP).bit_length() - 1
        for name in ("channels", "encoder_depths", "decoder_depths"):
            if len(getattr(self, name)) != levels:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} levels; {self.image_size} pixels need {levels}"
                )
        if any(count % 8 for count in self.channels):
            raise ValueError(f"channels {self.channels} are not all multiples of 8")

    @classmethod
    def for_size(cls, image_size: int) -> "NetworkConfig":
        """Well-proportioned networks for 64, 128 or 256 pixels; the larger ones add levels at the front."""
        if image_size == 64:
            return cls()
        if image_size == 128:
            return cls(128, (32, 64, 128, 256, 320), (1, 1, 2, 2, 2), (1, 1, 1, 2, 2), 512)
        return cls(image_size, (16, 32, 64, 128, 256, 512), (1, 1, 1, 2, 2, 2), (1, 1, 1, 1, 2, 2), 512)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "NetworkConfig":
        """From parsed JSON or TOML. Raises TypeError for an unknown name, ValueError for sizes that do not fit."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return cls(**values)
