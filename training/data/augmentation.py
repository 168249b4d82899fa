"""Random framing and light: what a detector's scatter and a camera do to the same face."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from training.data.regions import Region
from training.data.shards import MARGIN


@dataclass(frozen=True)
class Augmentation:
    """How far framing and light may wander; standard deviations, cut off at twice their value."""

    shift: float = 0.025
    """Of the frame's side. The Haar cascade's frames scatter by this much about those from landmarks."""
    zoom: float = 0.08
    """Of the logarithm of the frame's side, likewise."""
    turn_degrees: float = 7.0
    mirror: bool = True
    gain: float = 0.06
    """Of the logarithm of each colour's gain."""
    contrast: float = 0.12
    """Of the logarithm of the contrast."""
    brightness: float = 0.08
    """In units of the picture's range [-1, 1]."""
    damage: float = 0.0
    """The chance of each of blur, JPEG and occlusion in what is read; what is to be drawn stays whole."""


@dataclass(frozen=True)
class Framing:
    """How the frame lies in the stored crop; one number a picture."""

    zoom: Tensor
    turn: Tensor
    """Radians by which the content turns clockwise."""
    shift: Tensor
    """`(n, 2)` of the frame's side."""
    mirror: Tensor
    """`(n,)` bool."""

    def pose(self, pose: Tensor) -> Tensor:
        """Labels `(n, 3)` as they are after the framing: a mirror turns yaw and roll round."""
        sign = torch.where(self.mirror, -1.0, 1.0)
        pitch, yaw, roll = pose.unbind(dim=1)
        return torch.stack([pitch, yaw * sign, roll * sign + self.turn], dim=1)


def _normal(shape: tuple[int, ...], deviation: float, generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator).clamp(-2.0, 2.0) * deviation


def still(count: int) -> Framing:
    """The frame as it was found."""
    return Framing(torch.ones(count), torch.zeros(count), torch.zeros(count, 2), torch.zeros(count, dtype=torch.bool))


def random_framing(count: int, how: Augmentation, generator: Generator) -> Framing:
    """A random frame for each of `count` pictures."""
    return Framing(
        zoom=_normal((count,), how.zoom, generator).exp(),
        turn=_normal((count,), math.radians(how.turn_degrees), generator),
        shift=_normal((count, 2), how.shift, generator),
        mirror=(torch.rand(count, generator=generator) < 0.5) & how.mirror,
    )


def frame(pixels: Tensor, framing: Framing, size: int) -> tuple[Tensor, Tensor]:
    """Stored crops `(n, 4, s, s)` uint8 -> images `(n, 3, size, size)` in [-1, 1] and regions `(n, 1, size, size)`.

    Crops that are finer than the images are sampled finer, and averaged. The regions are those of
    `training.data.regions` over 85: 0 where nothing was photographed, 1 to 3 by what is to be seen, between them at
    their edges.
    """
    if not len(pixels):  # torch samples no empty grid
        return torch.empty(0, 3, size, size, device=pixels.device), torch.empty(0, 1, size, size, device=pixels.device)
    cos, sin = framing.turn.cos(), framing.turn.sin()
    scale = framing.zoom / MARGIN
    flip = torch.where(framing.mirror, -1.0, 1.0)
    # Rows map the frame's coordinates to the stored crop's; both run from -1 to 1. The mirror acts first on content.
    x_row = torch.stack([flip * scale * cos, flip * scale * sin, 2 * framing.shift[:, 0] / MARGIN], dim=1)
    y_row = torch.stack([-scale * sin, scale * cos, 2 * framing.shift[:, 1] / MARGIN], dim=1)
    finer = max(1, round(pixels.shape[-1] / (MARGIN * size)))
    fine = [len(pixels), 4, finer * size, finer * size]
    grid = F.affine_grid(torch.stack([x_row, y_row], dim=1), fine, align_corners=False)
    warped = F.grid_sample(pixels.float(), grid, padding_mode="border", align_corners=False)
    inside = (grid.abs().amax(dim=3, keepdim=True) <= 1.0).movedim(3, 1)
    seen = warped[:, 3:] * (warped[:, 3:] > Region.PHOTOGRAPHED - 1) * inside / Region.PHOTOGRAPHED
    if finer > 1:
        warped, seen = F.avg_pool2d(warped[:, :3], finer), -F.max_pool2d(-seen, finer)
    return warped[:, :3] / 127.5 - 1.0, seen


def weighted(regions: Tensor, importance: Sequence[float]) -> Tensor:
    """What each pixel counts, from regions as `frame` gives them: 0 where 0, `importance` at 1, 2, 3, lines between."""
    around, face, features = importance
    into_face, into_features = (regions - 1.0).clamp(0.0, 1.0), (regions - 2.0).clamp(min=0.0)
    weights = around + (face - around) * into_face + (features - face) * into_features
    return weights * (regions > 0)


@dataclass(frozen=True)
class Light:
    """How a picture is lit; the first axis counts pictures, the others spread over colours and pixels."""

    gain: Tensor
    contrast: Tensor
    brightness: Tensor


def random_light(count: int, how: Augmentation, generator: Generator) -> Light:
    """A random light for each of `count` pictures."""
    return Light(
        gain=_normal((count, 3, 1, 1), how.gain, generator).exp(),
        contrast=_normal((count, 1, 1, 1), how.contrast, generator).exp(),
        brightness=_normal((count, 1, 1, 1), how.brightness, generator),
    )


def relight(images: Tensor, light: Light) -> Tensor:
    """Images `(n, 3, h, w)` under other light: gain of each colour, contrast about the mean, brightness.

    The light may be of more pictures; the first n count.
    """
    gain, contrast, brightness = (x[: len(images)] for x in (light.gain, light.contrast, light.brightness))
    lit = (images + 1.0) * gain - 1.0
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    return ((lit - mean) * contrast + mean + brightness).clamp(-1.0, 1.0)
