"""Batches as a pure function of seed and step, so that a resumed run sees exactly what an unbroken one would."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from training.data.augmentation import (
    Augmentation,
    Framing,
    Light,
    frame,
    random_framing,
    random_light,
    relight,
    weighted,
)
from training.data.canvases import resident
from training.data.crops import CropSet
from training.data.degradation import Damage, damaged, random_damage
from training.data.grouped_sampling import together
from training.data.mixture import shares
from training.runtime import distributed as ranks


@dataclass(frozen=True)
class Batch:
    """n augmented pictures with the labels that hold after the augmentation."""

    images: Tensor
    """`(n, 3, size, size)` in [-1, 1]."""
    read: Tensor
    """The same as the encoder sees them, some of them damaged."""
    masks: Tensor
    """`(n, 1, size, size)`, 1 where the photograph reached."""
    weights: Tensor
    """`(n, 1, size, size)`, what each pixel counts in the losses of pictures."""
    reframed: Tensor
    """`(m, 3, size, size)`: the first m pictures in another frame, under the same light, mirrored alike."""
    pose: Tensor
    identity: Tensor
    expression: Tensor
    identity_target: Tensor
    expression_target: Tensor
    video: Tensor
    """`(n,)` int64 video numbers, -1 where there is none."""
    valence_arousal: Tensor
    """`(n, 2)` from -1 to 1, NaN where it is not known."""
    data_set: Tensor
    """`(n,)` int64: which of the prepared folders a crop is from, in the order in which they were named."""


def generator_for(seed: int, step: int, stream: int) -> torch.Generator:
    """The random numbers of one purpose (`stream`) in one step."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) * 16 + stream)


class _Pool:
    """Rows that give the same count to every batch, each row once an epoch of the pool."""

    def __init__(self, rows: Tensor, count: int, seed: int, arrange: Callable[[Tensor, Generator], Tensor]) -> None:
        if len(rows) < count:
            raise ValueError(f"a batch of {count} needs at least as many crops; there are {len(rows)}")
        self._rows, self._count, self._seed, self._arrange = rows, count, seed, arrange
        self._order = (-1, rows)

    def __getitem__(self, step: int) -> Tensor:
        epoch, place = divmod(step, len(self._rows) // self._count)
        order = self._order  # held here, because other threads may be in another epoch
        if order[0] != epoch:
            generator = generator_for(self._seed, epoch, 0)
            order = epoch, self._arrange(self._rows[torch.randperm(len(self._rows), generator=generator)], generator)
            self._order = order
        return order[1][place * self._count : (place + 1) * self._count]


class Batches:
    """Draws batches from crops in memory, each crop once an epoch; data sets with weights have each its own epochs.

    Up to `together` faces of one person come in the same batch. Of several processes each gets its rows of it.
    """

    def __init__(
        self,
        crops: CropSet,
        image_size: int,
        batch_size: int,
        seed: int,
        how: Augmentation,
        reframed: int = 0,
        together: int = 1,
        importance: tuple[float, float, float] = (1.0, 1.0, 1.0),
        device: str | torch.device = "cpu",
    ) -> None:
        """Pictures are augmented on the `device`, where the crops lie too if they take but a part of its memory."""
        self._crops, self._size, self._device = crops, image_size, torch.device(device)
        self._pixels = resident(crops.pixels, self._device)
        self._seed, self._how, self._reframed, self._together = seed, how, reframed, together
        self._importance = importance
        if crops.weights is None:
            self._pools = [_Pool(torch.arange(len(crops)), batch_size, seed, self._arrange)]
        else:
            counts = enumerate(shares(crops.weights, batch_size))
            places = ((count, (crops.data_set == number).nonzero()[:, 0]) for number, count in counts)
            self._pools = [_Pool(rows, count, seed, self._arrange) for count, rows in places]

    def _arrange(self, rows: Tensor, generator: Generator) -> Tensor:
        if self._together == 1:
            return rows
        return together(rows, self._crops.identity, self._crops.video, self._together, generator)

    def _rows(self, step: int) -> Tensor:
        rows = torch.cat([pool[step] for pool in self._pools])
        if len(self._pools) == 1 and self._together == 1:
            return rows
        # Shuffled, because some losses are of the first rows of a batch, or of neighbours in it.
        return rows[torch.randperm(len(rows), generator=generator_for(self._seed, step, 15))]

    def _there(self, values: Tensor) -> Tensor:
        """Values on the device."""
        return values.to(self._device, non_blocking=True)

    def keys(self, step: int) -> list[str]:
        """The crops of which a step's batch is made."""
        return [self._crops.keys[row] for row in self._rows(step).tolist()]

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step, from 0 on without end."""
        generator = generator_for(self._seed, step, 1)
        rows = self._rows(step)
        crops = self._crops
        framing = random_framing(len(rows), self._how, generator)
        other = replace(random_framing(self._reframed, self._how, generator), mirror=framing.mirror[: self._reframed])
        light = random_light(len(rows), self._how, generator)
        damage = random_damage(len(rows), self._how.damage, generator)
        rows = ranks.mine(rows)
        framing, other = (Framing(*map(ranks.mine, vars(each).values())) for each in (framing, other))
        light = Light(*map(ranks.mine, vars(light).values()))
        damage = Damage(*map(ranks.mine, vars(damage).values()))
        side, pose = framing.mirror.long(), framing.pose(crops.pose[rows])
        framing, other = (Framing(*map(self._there, vars(each).values())) for each in (framing, other))
        light = Light(*map(self._there, vars(light).values()))
        damage = Damage(*map(self._there, vars(damage).values()))
        pixels = self._there(self._pixels[rows.to(self._pixels.device, non_blocking=True)])
        images, regions = frame(pixels, framing, self._size)
        reframed, _ = frame(pixels[: len(other.zoom)], other, self._size)
        images = relight(images, light)
        return Batch(
            images=images,
            read=damaged(images, damage) if self._how.damage else images,
            masks=(regions > 0).float(),
            weights=weighted(regions, self._importance),
            reframed=relight(reframed, light),
            pose=pose,
            identity=crops.identity[rows],
            expression=crops.expression[rows],
            identity_target=crops.identity_target[rows],
            expression_target=crops.expression_target[rows, side],
            video=crops.video[rows],
            valence_arousal=crops.valence_arousal[rows],
            data_set=crops.data_set[rows],
        )
