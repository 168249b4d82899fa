"""Prepared crops in memory, with their labels as tensors."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.attributes import SPACES, Attribute, Vector
from training.data.blendshapes import mirrored, mirrored_pose
from training.data.canvases import EncodedCrops, load_canvases
from training.data.shards import CROP_SIZE, MARGIN, Sample, read_shards
from training.data.targets import ExpressionTargets, Projection

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
    """Fit both projections; one whose features no sample has is None."""
    taught = [sample for sample in samples if sample.teacher is not None]
    seen = [sample for sample in samples if sample.blendshapes is not None and sample.pose is not None]
    identity = expression = None
    if len(taught) > IDENTITY_SIZE:
        identity = Projection.fit(_stack([sample.teacher for sample in taught], 128), IDENTITY_SIZE)
    if 2 * len(seen) > EXPRESSION_SIZE:  # each with its mirror image
        shapes, pose = _stack([sample.blendshapes for sample in seen], 52), _stack([sample.pose for sample in seen], 3)
        expression = ExpressionTargets.fit(shapes, pose, EXPRESSION_SIZE, EXPRESSION_POLE)
    return Targets(identity, expression)


def load_crops(samples: Sequence[Sample], image_size: int, targets: Targets) -> CropSet:
    """The samples at a canvas twice as fine as pictures of a size, if they are; many of them stay encoded."""
    teacher = _stack([s.teacher for s in samples], 128)
    shapes = _stack([s.blendshapes for s in samples], 52)
    pose = _stack([s.pose for s in samples], 3)
    return CropSet(
        keys=[sample.key for sample in samples],
        people=[sample.identity for sample in samples],
        pixels=load_canvases(samples, min(round(2 * image_size * MARGIN), CROP_SIZE)),
        pose=torch.from_numpy(pose),
        identity=_numbers([s.identity and f"{s.data_set}/{s.identity}" for s in samples]),
        expression=torch.tensor(
            [EXPRESSIONS.index(s.expression) if s.expression in EXPRESSIONS else UNKNOWN for s in samples]
        ),
        video=_numbers([s.video and f"{s.data_set}/{s.identity}/{s.video}" for s in samples]),
        valence_arousal=torch.from_numpy(_stack([s.valence_arousal for s in samples], 2)),
        data_set=torch.tensor([s.data_set for s in samples], dtype=torch.long),
        identity_target=torch.from_numpy(_identities(targets.identity, teacher)),
        expression_target=torch.from_numpy(_expressions(targets.expression, shapes, pose)),
        features={"teacher": teacher, "blendshapes": shapes},
    )


def _stack(rows: Sequence[list[float] | None], size: int) -> Vector:
    missing = [float("nan")] * size
    return np.array([missing if row is None else row for row in rows], np.float32).reshape(len(rows), size)


def _identities(projection: Projection | None, features: Vector) -> Vector:
    if projection is None:
        return np.full((len(features), IDENTITY_SIZE), np.nan, np.float32)
    return projection(features)


def _expressions(targets: ExpressionTargets | None, shapes: Vector, pose: Vector) -> Vector:
    """`(n, 2, 32)`: as photographed, and mirrored."""
    if targets is None:
        return np.full((len(shapes), 2, EXPRESSION_SIZE), np.nan, np.float32)
    return np.stack([targets(shapes, pose), targets(mirrored(shapes), mirrored_pose(pose))], axis=1)


def _numbers(names: Sequence[str | None]) -> Tensor:
    """A number for each name that occurs at least twice, in the order of the names; UNKNOWN for the others and None."""
    counts = Counter(name for name in names if name)
    numbers = {name: number for number, name in enumerate(sorted(name for name, count in counts.items() if count > 1))}
    return torch.tensor([numbers.get(name or "", UNKNOWN) for name in names], dtype=torch.long)
