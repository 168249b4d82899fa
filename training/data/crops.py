"""Prepared crops in memory, with their labels as tensors."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.attributes import SPACES, Attribute, Vector
from training.data.blendshapes import mirrored
from training.data.canvases import EncodedCrops, load_canvases
from training.data.shards import MARGIN, Sample, read_shards
from training.data.targets import Projection

IDENTITY_SIZE = SPACES[Attribute.IDENTITY].size
EXPRESSION_SIZE = SPACES[Attribute.EXPRESSION].size
EXPRESSION_POLE = 1.0
UNKNOWN = -1
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


@dataclass(frozen=True)
class CropSet:
    """n crops of one canvas size; row i of every tensor belongs to crop i."""

    keys: list[str]
    people: list[str | None]
    pixels: Tensor | EncodedCrops
    """`(n, 4, s, s)` uint8: red, green, blue, and a mask that is 255 where the photograph reached."""
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
    expression: Projection | None


def load_samples(folders: Sequence[Path], splits: Sequence[str]) -> list[Sample]:
    """The samples of some prepared folders that belong to some splits."""
    return [
        replace(sample, data_set=number)
        for number, folder in enumerate(folders)
        for sample in read_shards(folder)
        if sample.split in splits
    ]


def fit_targets(samples: Sequence[Sample]) -> Targets:
    """Fit both projections; one whose features no sample has is None."""
    teacher = np.array([s.teacher for s in samples if s.teacher is not None], np.float32)
    shapes = np.array([s.blendshapes for s in samples if s.blendshapes is not None], np.float32)
    both = np.concatenate([shapes, mirrored(shapes)]) if len(shapes) else shapes
    return Targets(
        Projection.fit(teacher, IDENTITY_SIZE) if len(teacher) > IDENTITY_SIZE else None,
        Projection.fit(both, EXPRESSION_SIZE, EXPRESSION_POLE) if len(both) > EXPRESSION_SIZE else None,
    )


def load_crops(samples: Sequence[Sample], image_size: int, targets: Targets) -> CropSet:
    """The samples at the canvas that belongs to a model's image size; many of them stay encoded."""
    teacher = _stack([s.teacher for s in samples], 128)
    shapes = _stack([s.blendshapes for s in samples], 52)
    turned = np.stack([_project(targets.expression, s, EXPRESSION_SIZE) for s in (shapes, mirrored(shapes))], axis=1)
    return CropSet(
        keys=[sample.key for sample in samples],
        people=[sample.identity for sample in samples],
        pixels=load_canvases(samples, round(image_size * MARGIN)),
        pose=torch.from_numpy(_stack([s.pose for s in samples], 3)),
        identity=_numbers([s.identity and f"{s.data_set}/{s.identity}" for s in samples]),
        expression=torch.tensor(
            [EXPRESSIONS.index(s.expression) if s.expression in EXPRESSIONS else UNKNOWN for s in samples]
        ),
        video=_numbers([s.video and f"{s.data_set}/{s.identity}/{s.video}" for s in samples]),
        valence_arousal=torch.from_numpy(_stack([s.valence_arousal for s in samples], 2)),
        data_set=torch.tensor([s.data_set for s in samples], dtype=torch.long),
        identity_target=torch.from_numpy(_project(targets.identity, teacher, IDENTITY_SIZE)),
        expression_target=torch.from_numpy(turned),
        features={"teacher": teacher, "blendshapes": shapes},
    )


def _stack(rows: Sequence[list[float] | None], size: int) -> Vector:
    missing = [float("nan")] * size
    return np.array([missing if row is None else row for row in rows], np.float32).reshape(len(rows), size)


def _project(projection: Projection | None, features: Vector, size: int) -> Vector:
    if projection is None:
        return np.full((len(features), size), np.nan, np.float32)
    return projection(features)


def _numbers(names: Sequence[str | None]) -> Tensor:
    """A number for each name that occurs at least twice, in the order of the names; UNKNOWN for the others and None."""
    counts = Counter(name for name in names if name)
    numbers = {name: number for number, name in enumerate(sorted(name for name, count in counts.items() if count > 1))}
    return torch.tensor([numbers.get(name or "", UNKNOWN) for name in names], dtype=torch.long)
