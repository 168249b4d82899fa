"""Pictures that the model drew, in every form that a program may want them in."""

import math
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from model.attributes import Vector
from model.engine.backend import Pixels
from model.images.encode import SourceType, encode_jpeg, encode_png

IN_A_ROW = 8
"""Faces side by side in a notebook."""


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


class Drawings(list[Drawing]):
    """Drawn faces of one size, which a notebook shows side by side."""

    def __repr__(self) -> str:
        return f"<Drawings, {len(self)} faces>"

    def tiled(self, columns: int | None = None) -> Pixels:
        """All faces on one picture, so many in a row; without a number it is about square."""
        columns = min(columns or math.ceil(math.sqrt(len(self))), len(self))
        pictures = np.stack([drawing.pixels for drawing in self])
        blank = np.full((-len(pictures) % columns, *pictures.shape[1:]), 255, np.uint8)
        grid = np.concatenate([pictures, blank]).reshape(-1, columns, *pictures.shape[1:])
        return np.concatenate([np.concatenate(list(row), axis=1) for row in grid])

    def sheet(self, columns: int | None = None) -> bytes:
        """All faces on one PNG that says that they are synthetic."""
        return encode_png(self.tiled(columns), SourceType.TRAINED)

    def _repr_jpeg_(self) -> bytes | None:
        """How notebooks show it, eight in a row; they keep what they show, hence no PNG."""
        return encode_jpeg(self.tiled(IN_A_ROW), SourceType.TRAINED) if self else None
