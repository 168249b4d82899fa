"""Expression: the labels, what Face Landmarker's blendshapes ask for, and the losses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from torch import nn

from model.attributes import SPACES, Attribute, Vector
from training.data.shards import Sample
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.graded_triplet import GradedTripletLoss
from training.losses.embedding.margin_softmax import MarginSoftmaxLoss
from training.losses.loss_term import SPLITTING, Term
from training.targets.blendshapes import BLENDSHAPES, mirrored, mirrored_pose
from training.targets.columns import column
from training.targets.projection import Projection

EXPRESSION = Attribute.EXPRESSION
SIZE = SPACES[EXPRESSION].size
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""The labels, whose numbers are their places here."""
POLE = 1.0
DEGREE = 3
"""Of the polynomials in the angles: of what is taken out of the blendshapes, and of how far the rest scatters."""
LEAST_SCATTER = 0.3
"""Of a score at a pose, over its mean: what says nothing there is not made loud."""
SILENT = 1e-4
"""A score that scatters less says nothing at any pose."""
GAZE, GAZE_WEIGHT = "eyeLook", 0.3
"""Where somebody looks is little of an expression, and much of the blendshapes' variance."""
RESTING = "_neutral"
"""A score that says of all others together that they are small."""


@dataclass(frozen=True)
class WithoutPose:
    """Blendshapes less what the head's turn explains of them, in units of how far they scatter at such a turn.

    They are read from pictures, and a turned head looks as if its face moved. It also shows less of some moves and more
    noise of others: by what remains alone, the nearest faces would still be those that look the same way.
    """

    by_pose: NDArray[np.float32]
    """`(1 + terms, 52)`: the regression of the blendshapes on a constant and a polynomial of the angles."""
    scatter: NDArray[np.float32]
    """`(1 + terms, 52)`: that of the size of what remains, over its mean."""

    @classmethod
    def fit(cls, shapes: Vector, pose: Vector) -> "WithoutPose":
        """Fit to blendshapes `(n, 52)` with poses `(n, 3)`."""
        terms = _terms(pose)
        by_pose, *_ = np.linalg.lstsq(terms, shapes, rcond=None)
        rest = np.abs(shapes - terms @ by_pose)
        scatter, *_ = np.linalg.lstsq(terms, rest / np.maximum(rest.mean(axis=0), SILENT), rcond=None)
        return cls(np.asarray(by_pose, np.float32), np.asarray(scatter, np.float32))

    def __call__(self, shapes: Vector, pose: Vector) -> Vector:
        """What remains `(n, 52)` of blendshapes `(n, 52)` seen at poses `(n, 3)`."""
        cleaned: Vector = (shapes - self.of_pose(pose)) / np.maximum(_terms(pose) @ self.scatter, LEAST_SCATTER)
        return cleaned

    def of_pose(self, pose: Vector) -> Vector:
        """The blendshapes `(n, 52)` that poses `(n, 3)` explain."""
        explained: Vector = _terms(pose) @ self.by_pose
        return explained


@dataclass(frozen=True)
class ExpressionTargets:
    """Blendshapes without pose, projected to unit targets."""

    without_pose: WithoutPose
    weights: Vector
    """`(52,)` of the scores."""
    projection: Projection

    @classmethod
    def fit(cls, shapes: Vector, pose: Vector, size: int, pole_share: float) -> "ExpressionTargets":
        """Fit to blendshapes `(n, 52)` with poses `(n, 3)`, and to their mirror images."""
        shapes, pose = np.concatenate([shapes, mirrored(shapes)]), np.concatenate([pose, mirrored_pose(pose)])
        without_pose = WithoutPose.fit(shapes, pose)
        weights = np.array([GAZE_WEIGHT if name.startswith(GAZE) else float(name != RESTING) for name in BLENDSHAPES])
        weights = weights.astype(np.float32)
        return cls(without_pose, weights, Projection.fit(without_pose(shapes, pose) * weights, size, pole_share))

    def __call__(self, shapes: Vector, pose: Vector) -> Vector:
        """Unit targets `(n, size)` of blendshapes `(n, 52)` seen at poses `(n, 3)`."""
        return self.projection(self.without_pose(shapes, pose) * self.weights)


def _terms(pose: Vector) -> Vector:
    return np.column_stack([np.ones(len(pose), np.float32), polynomial(pose)])


def polynomial(pose: Vector) -> Vector:
    """The products of up to three angles `(n, 3)`: `(n, 19)`."""
    products = [
        np.prod(pose[:, list(places)], axis=1)
        for degree in range(1, DEGREE + 1)
        for places in combinations_with_replacement(range(pose.shape[1]), degree)
    ]
    return np.asarray(np.stack(products, axis=1), np.float32)


def fit(samples: Sequence[Sample]) -> ExpressionTargets | None:
    """The targets fitted to the samples whose blendshapes and pose are known; None if they are too few."""
    seen = [sample for sample in samples if sample.blendshapes is not None and sample.pose is not None]
    if 2 * len(seen) <= SIZE:  # each counts with its mirror image
        return None
    return ExpressionTargets.fit(column(seen, "blendshapes"), column(seen, "pose"), SIZE, POLE)


def targets(by: ExpressionTargets | None, samples: Sequence[Sample]) -> Vector:
    """`(n, 2, 32)`: as photographed, and mirrored; NaN where they are not known."""
    if by is None:
        return np.full((len(samples), 2, SIZE), np.nan, np.float32)
    shapes, pose = column(samples, "blendshapes"), column(samples, "pose")
    return np.stack([by(shapes, pose), by(mirrored(shapes), mirrored_pose(pose))], axis=1)


def _classes(*_: object) -> nn.Module:
    return MarginSoftmaxLoss(len(EXPRESSIONS), SIZE, scale=8.0, margin=0.1)


TERMS = {
    "expression": Term(
        SPLITTING,
        lambda recipe, _: DistillationLoss(**asdict(recipe.expression_distillation)),
        lambda loss, p: loss(*p.regression(EXPRESSION, "expression_target")),
    ),
    "expression_class": Term(SPLITTING, _classes, lambda loss, p: loss(p.part(EXPRESSION), p.label("expression"))),
    "expression_triplet": Term(
        SPLITTING,
        lambda *_: GradedTripletLoss(),
        lambda loss, p: loss(p.part(EXPRESSION), p.label("expression"), p.label("valence_arousal")),
    ),
}
