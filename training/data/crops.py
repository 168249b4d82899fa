"""Prepared crops in memory, decoded once, with their labels as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from model.attributes import SPACES, Attribute, Vector
from training.data.blendshapes import mirrored
from training.data.shards import CROP_SIZE, MARGIN, Sample, read_shards
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
    pixels: Tensor
    """`(n, 4, s, s)` uint8: red, green, blue, and a mask that is 255 where the photograph reached."""
    pose: Tensor
    """`(n, 3)` radians; NaN where it is not known."""
    identity: Tensor
    """`(n,)` person numbers for people with at least two crops, else UNKNOWN."""
    expression: Tensor
    """`(n,)` numbers in EXPRESSIONS, or UNKNOWN."""
    identity_target: Tensor
    """`(n, 32)` unit targets from the teacher; NaN where it is not known."""
    expression_target: Tensor
    """`(n, 2, 32)` unit targets from blendshapes, as photographed and mirrored; NaN where not known."""
    features: dict[str, Vector]
    """The outside features themselves: `teacher` `(n, 128)`, `blendshapes` `(n, 52)`; NaN where not known."""

    def __len__(self) -> int:
        return len(self.keys)

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
    return [sample for folder in folders for sample in read_shards(folder) if sample.split in splits]


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
    """Decode samples at the canvas that belongs to a model's image size."""
    canvas = round(image_size * MARGIN)
    pixels = torch.empty(len(samples), 4, canvas, canvas, dtype=torch.uint8)
    for row, sample in enumerate(samples):
        pixels[row] = torch.from_numpy(_decode(sample, canvas))
    teacher = _stack([s.teacher for s in samples], 128)
    shapes = _stack([s.blendshapes for s in samples], 52)
    turned = np.stack([_project(targets.expression, s, EXPRESSION_SIZE) for s in (shapes, mirrored(shapes))], axis=1)
    people = [sample.identity for sample in samples]
    return CropSet(
        keys=[sample.key for sample in samples],
        people=people,
        pixels=pixels,
        pose=torch.from_numpy(_stack([s.pose for s in samples], 3)),
        identity=torch.tensor(_numbers(people)),
        expression=torch.tensor(
            [EXPRESSIONS.index(s.expression) if s.expression in EXPRESSIONS else UNKNOWN for s in samples]
        ),
        identity_target=torch.from_numpy(_project(targets.identity, teacher, IDENTITY_SIZE)),
        expression_target=torch.from_numpy(turned),
        features={"teacher": teacher, "blendshapes": shapes},
    )


def _decode(sample: Sample, canvas: int) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(sample.crop, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"the crop of {sample.key} cannot be decoded; prepare its shard again")
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    mask = np.zeros(picture.shape[:2], np.uint8)
    corners = np.rint(np.array(sample.outline).reshape(4, 2)).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 255)
    stacked = np.concatenate([picture, mask[..., None]], axis=2)
    if canvas != CROP_SIZE:
        stacked = cv2.resize(stacked, (canvas, canvas), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(stacked.transpose(2, 0, 1))


def _stack(rows: Sequence[list[float] | None], size: int) -> Vector:
    missing = [float("nan")] * size
    return np.array([missing if row is None else row for row in rows], np.float32).reshape(len(rows), size)


def _project(projection: Projection | None, features: Vector, size: int) -> Vector:
    if projection is None:
        return np.full((len(features), size), np.nan, np.float32)
    return projection(features)


def _numbers(people: Sequence[str | None]) -> list[int]:
    counts: dict[str | None, int] = {}
    for person in people:
        counts[person] = counts.get(person, 0) + 1
    named = sorted(person for person, count in counts.items() if person is not None and count > 1)
    numbers = {person: number for number, person in enumerate(named)}
    return [numbers.get(person, UNKNOWN) if person is not None else UNKNOWN for person in people]
