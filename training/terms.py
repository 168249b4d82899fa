"""Every loss by the name of its weight: in which stages it counts, and from which passes it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.data.crops import EXPRESSIONS
from training.losses.adversarial import GeneratorLoss
from training.losses.embedding.alignment import AlignmentLoss
from training.losses.embedding.contrastive import ContrastiveLoss
from training.losses.embedding.cycle import CycleLoss
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.graded_triplet import GradedTripletLoss
from training.losses.embedding.leakage import LeakageLoss
from training.losses.embedding.margin_softmax import MarginSoftmaxLoss
from training.losses.embedding.pose import PoseLoss
from training.losses.embedding.triplet import TripletLoss
from training.losses.embedding.uniformity import UniformityLoss
from training.losses.latent import LatentLoss
from training.losses.moments import MomentsLoss
from training.losses.pictures.feature_matching import FeatureMatchingLoss
from training.losses.pictures.perceptual import PerceptualLoss
from training.losses.pictures.reconstruction import ReconstructionLoss
from training.losses.pictures.structural import StructuralLoss
from training.passes import Passes
from training.recipe import Recipe
from training.runtime.distributed import gathered

POSE, IDENTITY, EXPRESSION, STYLE = Attribute
DIRECTIONS = 64
"""In how many random directions the latents' distribution is looked at."""

READING = ("autoencoder", "joint")
"""Stages in which the encoder learns."""
DRAWING = ("autoencoder", "joint", "drawing")
"""Stages in which the decoder learns."""
SPLITTING = ("disentangle", "joint")
"""Stages in which splitter and merger learn."""
SWAPPING = ("disentangle", "joint", "drawing")
"""Stages in which faces with a swapped attribute are drawn."""
EVERY = ("autoencoder", "disentangle", "joint", "drawing")


@dataclass(frozen=True)
class Term:
    """One loss of the objective."""

    stages: tuple[str, ...]
    make: Callable[[Recipe, int], nn.Module]
    """The loss of a recipe for a number of people; it may hold parameters of its own."""
    of: Callable[[nn.Module, Passes], Tensor]
    """Its value, a scalar."""


def people(_: Recipe, count: int) -> nn.Module:
    return MarginSoftmaxLoss(max(1, count), SPACES[IDENTITY].size)


def expressions(*_: object) -> nn.Module:
    return MarginSoftmaxLoss(len(EXPRESSIONS), SPACES[EXPRESSION].size, scale=8.0, margin=0.1)


def framing(loss: nn.Module, p: Passes) -> Tensor:
    """Mean difference of identity and expression between two frames of the same picture.

    Style is free to tell how the face lies in its frame: someone must, or the decoder blurs what it cannot place.
    """
    units = [SPACES[attribute].slice for attribute in (IDENTITY, EXPRESSION)]
    first, again = gathered(p.f[: len(p.reframed)]), gathered(p.reframed)
    terms: list[Tensor] = [loss(first[:, part], again[:, part]) for part in units]
    return sum(terms[1:], terms[0]) / len(terms)


def cycle(loss: nn.Module, p: Passes, again: Tensor) -> Tensor:
    value: Tensor = loss(gathered(again), gathered(p.swapped))
    return value


TERMS: Mapping[str, Term] = {
    "reconstruction": Term(
        DRAWING, lambda *_: ReconstructionLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "structural": Term(
        DRAWING, lambda *_: StructuralLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "perceptual": Term(
        DRAWING, lambda *_: PerceptualLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "image_adversarial": Term(DRAWING, lambda *_: GeneratorLoss(), lambda loss, p: loss(p.scores(p.drawn))),
    "swapped_adversarial": Term(SWAPPING, lambda *_: GeneratorLoss(), lambda loss, p: loss(p.scores(p.swapped_drawn))),
    "generated_adversarial": Term(EVERY, lambda *_: GeneratorLoss(), lambda loss, p: loss(p.scores(p.generated))),
    "feature_matching": Term(
        DRAWING,
        lambda *_: FeatureMatchingLoss(),
        lambda loss, p: loss(p.drawn_judged[1], p.image_features),
    ),
    "latent": Term(
        SPLITTING, lambda *_: LatentLoss(), lambda loss, p: loss(p.merged, p.z) + loss(p.random_merged, p.random_z)
    ),
    "latent_adversarial": Term(READING, lambda *_: GeneratorLoss(), lambda loss, p: loss(p.latent_scores())),
    "latent_moments": Term(
        READING,
        lambda *_: MomentsLoss(),
        lambda loss, p: loss(gathered(p.z), p.normal(EMBEDDING_SIZE, DIRECTIONS)),
    ),
    "pose": Term(SPLITTING, lambda *_: PoseLoss(), lambda loss, p: loss(*p.regression(POSE, "pose"))),
    "identity": Term(
        SPLITTING,
        lambda recipe, _: DistillationLoss(recipe.direct, recipe.tolerance),
        lambda loss, p: loss(*p.regression(IDENTITY, "identity_target")),
    ),
    "identity_class": Term(SPLITTING, people, lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))),
    "identity_triplet": Term(
        SPLITTING, lambda *_: TripletLoss(), lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))
    ),
    "identity_contrastive": Term(
        SPLITTING, lambda *_: ContrastiveLoss(), lambda loss, p: loss(p.part(IDENTITY), p.label("identity"))
    ),
    "expression": Term(
        SPLITTING,
        lambda recipe, _: DistillationLoss(recipe.direct, recipe.tolerance),
        lambda loss, p: loss(*p.regression(EXPRESSION, "expression_target")),
    ),
    "expression_class": Term(SPLITTING, expressions, lambda loss, p: loss(p.part(EXPRESSION), p.label("expression"))),
    "expression_triplet": Term(
        SPLITTING,
        lambda *_: GradedTripletLoss(),
        lambda loss, p: loss(p.part(EXPRESSION), p.label("expression"), p.label("valence_arousal")),
    ),
    "style_video": Term(SPLITTING, lambda *_: TripletLoss(), lambda loss, p: loss(p.part(STYLE), p.label("video"))),
    "style_uniformity": Term(SPLITTING, lambda *_: UniformityLoss(), lambda loss, p: loss(p.part(STYLE))),
    "framing": Term(SPLITTING, lambda *_: AlignmentLoss(), framing),
    "leakage": Term(SPLITTING, lambda *_: LeakageLoss(), lambda loss, p: loss(p.everyone, p.generator)),
    "cycle": Term(SWAPPING, lambda *_: CycleLoss(), lambda loss, p: cycle(loss, p, p.reread)),
    "latent_cycle": Term(SPLITTING, lambda *_: CycleLoss(), lambda loss, p: cycle(loss, p, p.remerged)),
}
