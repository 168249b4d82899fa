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
"""Of the polynomial in the angles that is taken out of the blendshapes."""
GAZE, GAZE_WEIGHT = "eyeLook", 0.3
"""Where somebody looks is little of an expression, and much of the blendshapes' variance."""
RESTING = "_neutral"
"""A score that says of all others together that they are small."""


@dataclass(frozen=True)
class ExpressionTargets:
    """Blendshapes less what the head's turn explains of them, projected to unit targets.

    Blendshapes are read from pictures, and a turned head looks as if its face moved.
    """

    by_pose: NDArray[np.float32]
    """`(terms, 52)`: the regression of the blendshapes on a polynomial of the angles without its constant."""
    weights: Vector
    """`(52,)` of the scores."""
    projection: Projection

    @classmethod
    def fit(cls, shapes: Vector, pose: Vector, size: int, pole_share: float) -> "ExpressionTargets":
        """Fit to blendshapes `(n, 52)` with poses `(n, 3)`, and to their mirror images."""
        shapes, pose = np.concatenate([shapes, mirrored(shapes)]), np.concatenate([pose, mirrored_pose(pose)])
        terms = np.column_stack([np.ones(len(pose), np.float32), polynomial(pose)])
        coefficients, *_ = np.linalg.lstsq(terms, shapes, rcond=None)
        by_pose = np.asarray(coefficients[1:], np.float32)
        weights = np.array([GAZE_WEIGHT if name.startswith(GAZE) else float(name != RESTING) for name in BLENDSHAPES])
        weights = weights.astype(np.float32)
        cleaned = (shapes - polynomial(pose) @ by_pose) * weights
        return cls(by_pose, weights, Projection.fit(cleaned, size, pole_share))

    def __call__(self, shapes: Vector, pose: Vector) -> Vector:
        """Unit targets `(n, size)` of blendshapes `(n, 52)` seen at poses `(n, 3)`."""
        return self.projection((shapes - polynomial(pose) @ self.by_pose) * self.weights)


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
