"""The sizes of the networks, which travel with every checkpoint."""

from dataclasses import asdict, dataclass
from typing import Any

READ_SIZES = (64, 128, 256)
SMALLEST_MAP = 4
"""Height and width of the deepest feature maps."""


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes from which the networks are rebuilt. Raises ValueError if they do not fit each other."""

    read_size: int = 64
    """Height and width of the pictures that the encoder reads."""
    channels: tuple[int, ...] = (32, 64, 128, 256)
    """Feature channels at half the reading size, a quarter, and so on down to 4 pixels; multiples of 8."""
    encoder_depths: tuple[int, ...] = (1, 1, 2, 2)
    """Residual blocks at each of these levels."""
    decoder_depths: tuple[int, ...] = (1, 1, 2, 1)
    finer_channels: tuple[int, ...] = ()
    """For each doubling of the drawn picture beyond the reading size, the channels of the level that draws it."""
    modulated: bool = False
    """Whether z scales and shifts the features of every level of the decoder."""
    hidden: int = 256
    """Width of the splitter's and merger's hidden layers."""

    def __post_init__(self) -> None:
        if self.read_size not in READ_SIZES:
            raise ValueError(f"read_size is {self.read_size}, expected one of {READ_SIZES}")
        levels = (self.read_size // SMALLEST_MAP).bit_length() - 1
        for name in ("channels", "encoder_depths", "decoder_depths"):
            if len(getattr(self, name)) != levels:
                raise ValueError(f"{name} has {len(getattr(self, name))} levels; {self.read_size} pixels need {levels}")
        if any(count % 8 for count in (*self.channels, *self.finer_channels)):
            raise ValueError(f"channels {self.channels} and {self.finer_channels} are not all multiples of 8")

    @property
    def image_size(self) -> int:
        """Height and width of the pictures that the decoder draws: the reading size, doubled by each finer level."""
        return self.read_size << len(self.finer_channels)

    @classmethod
    def for_size(cls, read_size: int) -> "NetworkConfig":
        """Well-proportioned networks that read and draw 64, 128 or 256 pixels; larger ones add levels at the front."""
        if read_size == 64:
            return cls()
        if read_size == 128:
            return cls(128, (32, 64, 128, 256, 320), (1, 1, 2, 2, 2), (1, 1, 1, 2, 2), hidden=512)
        return cls(read_size, (16, 32, 64, 128, 256, 512), (1, 1, 1, 2, 2, 2), (1, 1, 1, 1, 2, 2), hidden=512)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "NetworkConfig":
        """From parsed JSON or TOML; the first files call the reading size, which was the drawing size, `image_size`.

        Raises TypeError for an unknown name, ValueError for sizes that do not fit.
        """
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        if "image_size" in values:
            values["read_size"] = values.pop("image_size")
        return cls(**values)
