"""Prepared crops in memory, with their labels as tensors."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from model.attributes import Vector
from training.data.canvases import EncodedCrops, load_canvases
from training.data.shards import CROP_SIZE, MARGIN, Sample, read_shards
from training.targets import expression, identity
from training.targets.columns import column
from training.targets.expression import EXPRESSIONS, ExpressionTargets
from training.targets.projection import Projection

UNKNOWN = -1


@dataclass(frozen=True)
class CropSet:
    """n crops of one canvas size; row i of every tensor belongs to crop i."""

    keys: list[str]
    people: list[str | None]
    pixels: Tensor | EncodedCrops
    """`(n, 4, s, s)` uint8: red, green, blue, and the regions."""
    pose: Tensor
    """`(n, 3)` radians; NaN where it is not known."""
    identity: Tensor
    """`(n,)` person numbers for people with at least two crops, else UNKNOWN."""
    expression: Tensor
    """`(n,)` numbers in EXPRESSIONS, or UNKNOWN."""
    video: Tensor
    """`(n,)` video numbers for videos with at least two crops, else UNKNOWN."""
    valence_arousal: Tensor
    """`(n, 2)` from -1 to 1; NaN where it is not known."""
    data_set: Tensor
    """`(n,)` which of the prepared folders that were read together, from 0."""
    identity_target: Tensor
    """`(n, 32)` unit targets from the teacher; NaN where it is not known."""
    expression_target: Tensor
    """`(n, 2, 32)` unit targets from blendshapes, as photographed and mirrored; NaN where not known."""
    features: dict[str, Vector]
    """The outside features themselves: `teacher` `(n, 128)`, `blendshapes` `(n, 52)`; NaN where not known."""
    weights: tuple[float, ...] | None = None
    """Each data set's weight in a batch; None takes crops from all alike, so that a data set counts by its size."""

    def __len__(self) -> int:
        return len(self.keys)

    def chunks(self, size: int) -> Iterator[Tensor]:
        """All pixels in order, at most `size` crops at a time."""
        for start in range(0, len(self), size):
            yield self.pixels[start : start + size]

    @property
    def classes(self) -> int:
        """How many people have a number."""
        return int(self.identity.max()) + 1 if len(self) else 0


@dataclass(frozen=True)
class Targets:
    """The projections that turn outside features into unit targets, fitted on training crops alone."""

    identity: Projection | None
    expression: ExpressionTargets | None


def load_samples(folders: Sequence[Path], splits: Sequence[str]) -> list[Sample]:
    """The samples of some prepared folders that belong to some splits."""
    return [
        replace(sample, data_set=number)
        for number, folder in enumerate(folders)
        for sample in read_shards(folder)
        if sample.split in splits
    ]


def fit_targets(samples: Sequence[Sample]) -> Targets:
    """Fit both projections; one whose features too few samples have is None."""
    return Targets(identity.fit(samples), expression.fit(samples))


def load_crops(samples: Sequence[Sample], image_size: int, targets: Targets) -> CropSet:
    """The samples at a canvas twice as fine as pictures of a size, if they are; many of them stay encoded."""
    return CropSet(
        keys=[sample.key for sample in samples],
        people=[sample.identity for sample in samples],
        pixels=load_canvases(samples, min(round(2 * image_size * MARGIN), CROP_SIZE)),
        pose=torch.from_numpy(column(samples, "pose")),
        identity=_numbers([s.identity and f"{s.data_set}/{s.identity}" for s in samples]),
        expression=torch.tensor(
            [EXPRESSIONS.index(s.expression) if s.expression in EXPRESSIONS else UNKNOWN for s in samples]
        ),
        video=_numbers([s.video and f"{s.data_set}/{s.identity}/{s.video}" for s in samples]),
        valence_arousal=torch.from_numpy(column(samples, "valence_arousal")),
        data_set=torch.tensor([s.data_set for s in samples], dtype=torch.long),
        identity_target=torch.from_numpy(identity.targets(targets.identity, samples)),
        expression_target=torch.from_numpy(expression.targets(targets.expression, samples)),
        features={name: column(samples, name) for name in ("teacher", "blendshapes")},
    )


def _numbers(names: Sequence[str | None]) -> Tensor:
    """A number for each name that occurs at least twice, in the order of the names; UNKNOWN for the others and None."""
    counts = Counter(name for name in names if name)
    numbers = {name: number for number, name in enumerate(sorted(name for name, count in counts.items() if count > 1))}
    return torch.tensor([numbers.get(name or "", UNKNOWN) for name in names], dtype=torch.long)
