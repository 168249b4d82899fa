"""Random colours and shifts under which an image critic looks at pictures."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

BRIGHTNESS = 0.25
"""At most, in units of the pictures' range [-1, 1]."""
SATURATION = 0.5
CONTRAST = 0.25
"""Both at most this much more or less than they are."""
SHIFT = 0.125
"""At most, of the picture's side; what comes in at the edge is grey."""


@dataclass(frozen=True)
class Disguise:
    """How each picture of a batch is changed; photographs and drawn faces alike (Zhao et al. 2020).

    A critic that sees few photographs learns them by heart; it cannot, if none looks the same twice. The changes let
    gradients through, so that what is drawn is judged as it is drawn.
    """

    brightness: Tensor
    """`(n, 1, 1, 1)`, as the other two."""
    saturation: Tensor
    contrast: Tensor
    shift: Tensor
    """`(n, 2)`, shares of the side."""

    @classmethod
    def random(cls, count: int, generator: Generator) -> "Disguise":
        numbers = 2.0 * torch.rand(count, 5, generator=generator, device=generator.device) - 1.0
        brightness, saturation, contrast = (numbers[:, place, None, None, None] for place in range(3))
        return cls(
            BRIGHTNESS * brightness, 1.0 + SATURATION * saturation, 1.0 + CONTRAST * contrast, SHIFT * numbers[:, 3:]
        )

    def __call__(self, images: Tensor) -> Tensor:
        """Images `(m, 3, h, w)` in [-1, 1], m at most n, disguised; the first rows count."""
        count, size = len(images), images.shape[-1]
        grey = images.mean(dim=1, keepdim=True)
        images = grey + (images - grey) * self.saturation[:count]
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        images = mean + (images - mean) * self.contrast[:count] + self.brightness[:count]
        moves = (self.shift[:count] * size).round().long()
        across, down = (_moved(moves[:, axis], size) for axis in (0, 1))
        padded = torch.nn.functional.pad(images, (0, 1, 0, 1))  # a column and a row of grey, for what was not seen
        rows = torch.arange(count, device=images.device)[:, None, None]
        return padded.permute(0, 2, 3, 1)[rows, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)


def _moved(moves: Tensor, size: int) -> Tensor:
    """For each place of a line of `size` where it takes its pixel from, `(n, size)`; `size` for none."""
    places = torch.arange(size, device=moves.device) - moves[:, None]
    return torch.where((places >= 0) & (places < size), places, size)
