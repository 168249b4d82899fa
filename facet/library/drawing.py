"""A picture that the model drew, in every form that a program may want it in."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

from PIL import Image

from model.attributes import Vector
from model.engine.backend import Pixels
from model.images.encode import SourceType, encode_png


@dataclass(frozen=True, repr=False)
class Drawing:
    """A drawn face; its files say that it is synthetic."""

    pixels: Pixels
    """`(h, w, 3)`."""
    embedding: Vector
    """What was drawn, `(99,)`."""
    source: SourceType = SourceType.TRAINED
    input: Pixels | None = None
    """The aligned crop at the drawing size `(size, size, 3)`, where a picture was drawn back."""
    ssim: float | None = None
    """Structural similarity of the two, where a picture was drawn back."""

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"<Drawing {width}x{height}{'' if self.ssim is None else f', SSIM {self.ssim:.3f}'}>"

    @cached_property
    def png(self) -> bytes:
        """The PNG, whose metadata name how it came to be (IPTC's DigitalSourceType)."""
        return encode_png(self.pixels, self.source)

    @property
    def image(self) -> Image.Image:
        """As Pillow has it. What Pillow saves of it may lose the mark; `save` keeps it."""
        return Image.open(BytesIO(self.png))

    def save(self, path: str | Path) -> Path:
        """Write the PNG, and the folders above it where they are missing."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.png)
        return path

    def _repr_png_(self) -> bytes:
        """How notebooks show it."""
        return self.png
