"""Batches as a pure function of seed and step, so that a resumed run sees exactly what an unbroken one would."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from training.data.augmentation import Augmentation, frame, random_framing, random_light, relight
from training.data.crops import CropSet


@dataclass(frozen=True)
class Batch:
    """n augmented pictures with the labels that hold after the augmentation."""

    images: Tensor
    """`(n, 3, size, size)` in [-1, 1]."""
    masks: Tensor
    """`(n, 1, size, size)`, 1 where the photograph reached."""
    reframed: Tensor
    """`(m, 3, size, size)`: the first m pictures in another frame, under the same light, mirrored alike."""
    pose: Tensor
    identity: Tensor
    expression: Tensor
    identity_target: Tensor
    expression_target: Tensor


def generator_for(seed: int, step: int, stream: int) -> torch.Generator:
    """The random numbers of one purpose (`stream`) in one step."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) * 16 + stream)


class Batches:
    """Draws batches from crops in memory, each crop once an epoch."""

    def __init__(
        self, crops: CropSet, image_size: int, batch_size: int, seed: int, how: Augmentation, reframed: int = 0
    ) -> None:
        if len(crops) < batch_size:
            raise ValueError(f"a batch of {batch_size} needs at least as many crops; there are {len(crops)}")
        self._crops, self._size, self._count = crops, image_size, batch_size
        self._seed, self._how, self._reframed = seed, how, reframed
        self.steps_per_epoch = len(crops) // batch_size
        self._order = (-1, torch.empty(0, dtype=torch.long))

    def _rows(self, step: int) -> Tensor:
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            order = torch.randperm(len(self._crops), generator=generator_for(self._seed, epoch, 0))
            self._order = (epoch, order)
        return self._order[1][place * self._count : (place + 1) * self._count]

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step, from 0 on without end."""
        rows = self._rows(step)
        generator = generator_for(self._seed, step, 1)
        crops = self._crops
        framing = random_framing(len(rows), self._how, generator)
        other = replace(random_framing(self._reframed, self._how, generator), mirror=framing.mirror[: self._reframed])
        light = random_light(len(rows), self._how, generator)
        pixels = crops.pixels[rows]
        images, masks = frame(pixels, framing, self._size)
        reframed, _ = frame(pixels[: self._reframed], other, self._size)
        side = framing.mirror.long()
        return Batch(
            images=relight(images, light),
            masks=masks,
            reframed=relight(reframed, light),
            pose=framing.pose(crops.pose[rows]),
            identity=crops.identity[rows],
            expression=crops.expression[rows],
            identity_target=crops.identity_target[rows],
            expression_target=crops.expression_target[rows, side],
        )
