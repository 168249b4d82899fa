"""Identity: what the teacher's features ask for, and the losses that know who is who."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from torch import nn

from model.attributes import SPACES, Attribute, Vector
from training.data.shards import Sample
from training.losses.embedding.contrastive import ContrastiveLoss
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.margin_softmax import MarginSoftmaxLoss
from training.losses.embedding.triplet import TripletLoss
from training.losses.loss_term import SPLITTING, Term
from training.recipe import Recipe
from training.targets.columns import column
from training.targets.projection import Projection

IDENTITY = Attribute.IDENTITY
SIZE = SPACES[IDENTITY].size


def fit(samples: Sequence[Sample]) -> Projection | None:
    """The projection fitted to the samples that the teacher has seen; None if they are too few."""
    taught = [sample for sample in samples if sample.teacher is not None]
    return Projection.fit(column(taught, "teacher"), SIZE) if len(taught) > SIZE else None


def targets(by: Projection | None, samples: Sequence[Sample]) -> Vector:
    """`(n, 32)`; NaN where they are not known."""
    if by is None:
        return np.full((len(samples), SIZE), np.nan, np.float32)
    return by(column(samples, "teacher"))


def _people(_: Recipe, count: int) -> nn.Module:
    return MarginSoftmaxLoss(max(1, count), SIZE)


TERMS = {
    "identity": Term(
        SPLITTING,
        lambda recipe, _: DistillationLoss(**asdict(recipe.identity_distillation)),
        lambda loss, p: loss(*p.regression(IDENTITY, "identity_target")),
    ),
    "identity_class": Term(SPLITTING, _people, lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))),
    "identity_triplet": Term(
        SPLITTING, lambda *_: TripletLoss(), lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))
    ),
    "identity_contrastive": Term(
        SPLITTING, lambda *_: ContrastiveLoss(), lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))
    ),
}
