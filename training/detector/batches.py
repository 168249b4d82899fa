"""Batches of composed pictures, each a function of seed and number alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.detector.assignment import Faces
from training.detector.composing import Composition
from training.detector.material import Material
from training.detector.truth import Truth


@dataclass(frozen=True)
class DetectorBatch:
    """n square pictures and their faces."""

    images: Tensor
    """`(n, 3, side, side)` in [-1, 1]."""
    faces: list[Faces]

    def to(self, device: torch.device) -> "DetectorBatch":
        moved = [Faces(each.boxes.to(device), each.points.to(device), each.sure.to(device)) for each in self.faces]
        return DetectorBatch(self.images.to(device), moved)


class DetectorBatches:
    """The batch of a number, the same whenever it is asked for."""

    def __init__(
        self, material: Material, composition: Composition, sides: Sequence[int], batch_size: int, seed: int
    ) -> None:
        self._material, self._composition = material, composition
        self._sides, self._size, self._seed = sides, batch_size, seed

    def __getitem__(self, number: int) -> DetectorBatch:
        rng = np.random.default_rng([self._seed, number])
        side = int(rng.choice(self._sides))
        # As many pictures as give every batch the same count of pixels.
        count = max(2, round(self._size * (max(self._sides) / side) ** 2 * _share(self._sides)))
        made = [self._composition.compose(self._material, side, rng) for _ in range(count)]
        return DetectorBatch(prepared(np.stack([image for image, _ in made])), [tensors(truth) for _, truth in made])


def _share(sides: Sequence[int]) -> float:
    """What part of a batch's pictures fits one of the largest side, so that `batch_size` is their mean."""
    return len(sides) / sum((max(sides) / side) ** 2 for side in sides)


def prepared(images: NDArray[np.uint8]) -> Tensor:
    """RGB pictures `(n, h, w, 3)` as the network takes them, `(n, 3, h, w)` in [-1, 1]."""
    return (torch.from_numpy(images).float() / 127.5 - 1).permute(0, 3, 1, 2)


def tensors(truth: Truth) -> Faces:
    """Faces as the loss takes them."""
    return Faces(torch.from_numpy(truth.boxes), torch.from_numpy(truth.points), torch.from_numpy(truth.sure))
