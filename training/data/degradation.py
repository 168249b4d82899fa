"""Blur, JPEG and something held before the face: what a picture that is read may have suffered, and a drawn one not."""

import io
import math
from dataclasses import dataclass
from functools import cache

import torch
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from torch import Generator, Tensor
from torch.nn import functional as F

BLUR = 1.0 / 64
"""The greatest deviation of the blur, of the picture's side."""
QUALITY = (15.0, 70.0)
"""Of JPEG, as libjpeg counts it."""
HIDDEN = (0.15, 0.4)
"""The sides of what hides a part of the picture, of its side."""
BLOCK = 8
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""Of JFIF."""


@dataclass(frozen=True)
class Damage:
    """What befalls each of n pictures; where a picture is spared, its numbers are those that do nothing."""

    blur: Tensor
    """`(n,)` deviations, of the side; 0 leaves it sharp."""
    quality: Tensor
    """`(n,)` of JPEG; 100 and more leaves it as it is."""
    box: Tensor
    """`(n, 4)`: left, top, right, bottom of what is hidden, of the side; without area where nothing is."""
    colour: Tensor
    """`(n, 3)` of what hides it, in [-1, 1]."""


def random_damage(count: int, chance: float, generator: Generator) -> Damage:
    """For `count` pictures, each of whom suffers each of the three with this chance."""

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    spared = torch.rand(count, 3, generator=generator) >= chance
    blur = between(0.25, 1.0).mul(BLUR).masked_fill(spared[:, 0], 0.0)
    quality = between(*QUALITY).masked_fill(spared[:, 1], 100.0)
    size = between(*HIDDEN, 2).masked_fill(spared[:, 2:], 0.0)
    start = between(0.0, 1.0, 2) * (1.0 - size)
    return Damage(blur, quality, torch.cat([start, start + size], dim=1), between(-1.0, 1.0, 3))


def damaged(images: Tensor, damage: Damage) -> Tensor:
    """Images `(n, 3, s, s)` in [-1, 1] as a camera, a file and a hand leave them; s is a multiple of 8."""
    seen = compressed(blurred(images, damage.blur * images.shape[-1]), damage.quality)
    return hidden(seen, damage.box, damage.colour)


def blurred(images: Tensor, deviation: Tensor) -> Tensor:
    """Images `(n, 3, h, w)` through Gaussians of the deviations `(n,)` in pixels; their edges are repeated."""
    count, channels, height, width = images.shape
    reach = math.ceil(3 * BLUR * max(height, width))
    x = torch.arange(-reach, reach + 1, device=images.device)
    line = torch.exp(-(x**2) / (2 * deviation.clamp(min=1e-3)[:, None] ** 2))
    line = (line / line.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)[:, None]
    padded = F.pad(images, [reach] * 4, mode="replicate").view(1, count * channels, height + 2 * reach, -1)
    across = F.conv2d(padded, line[:, :, None], groups=count * channels)
    return F.conv2d(across, line[..., None], groups=count * channels).view(count, channels, height, width)


def compressed(images: Tensor, quality: Tensor) -> Tensor:
    """Images `(n, 3, h, w)` in [-1, 1] as JPEG of a quality `(n,)` leaves them; colours are not thinned out.

    Sides are multiples of 8. Rounded to the steps of the standard's tables, scaled by the quality as libjpeg does.
    """
    count, _, height, width = images.shape
    there = images.new_tensor(TO_YCC)
    planes = torch.einsum("kc,nchw->nkhw", there, images * 127.5 - 0.5)  # as bytes less 128
    blocks = planes.view(count, 3, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    basis = _cosines(images)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50).to(images.device)
    steps = (_tables(images) * scale[:, None, None, None]).round().clamp(min=1.0)[:, :, None, :, None, :]
    waves = torch.einsum("ui,vj,nkaibj->nkaubv", basis, basis, blocks)
    waves = (waves / steps).round() * steps
    planes = torch.einsum("ui,vj,nkaubv->nkaibj", basis, basis, waves).reshape(count, 3, height, width)
    back = torch.einsum("ck,nkhw->nchw", torch.linalg.inv(there), planes).add(0.5) / 127.5
    return torch.where(quality[:, None, None, None] < 100, back.clamp(-1.0, 1.0), images)


def hidden(images: Tensor, box: Tensor, colour: Tensor) -> Tensor:
    """Images `(n, 3, h, w)` with a rectangle `(n, 4)` of one colour `(n, 3)` each."""
    height, width = images.shape[2:]
    x = (torch.arange(width, device=images.device) + 0.5) / width
    y = (torch.arange(height, device=images.device) + 0.5) / height
    left, top, right, bottom = (edge[:, None] for edge in box.unbind(dim=1))
    inside = ((y >= top) & (y < bottom))[:, None, :, None] & ((x >= left) & (x < right))[:, None, None, :]
    return torch.where(inside, colour[:, :, None, None], images)


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal cosine transform of 8 numbers: rows are waves."""
    wave = torch.arange(BLOCK, device=like.device, dtype=like.dtype)
    basis = torch.cos(math.pi / BLOCK * (wave + 0.5) * wave[:, None]) * math.sqrt(2 / BLOCK)
    basis[0] /= math.sqrt(2)
    return basis


@cache
def _steps() -> tuple[list[int], list[int]]:
    """The steps of a block's coefficients at quality 50, of brightness and of colours, as the JPEG library has them."""
    file = io.BytesIO()
    Image.new("RGB", (BLOCK, BLOCK)).save(file, "JPEG", quality=50)
    with Image.open(file) as picture:
        assert isinstance(picture, JpegImageFile)
        return picture.quantization[0], picture.quantization[1]


def _tables(like: Tensor) -> Tensor:
    """`(3, 8, 8)`: of brightness and of the two colours."""
    luma, chroma = (like.new_tensor(steps).view(BLOCK, BLOCK) for steps in _steps())
    return torch.stack([luma, chroma, chroma])
