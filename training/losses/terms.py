"""Every loss by the name of its weight: those of single attributes, and those of pictures, latents and the whole."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.forward_passes import Passes
from training.losses.adversarial import GeneratorLoss
from training.losses.distilled import DistilledDrawing, DistilledReading
from training.losses.embedding.alignment import AlignmentLoss
from training.losses.embedding.cycle import CycleLoss
from training.losses.embedding.leakage import LeakageLoss
from training.losses.latent import LatentLoss
from training.losses.loss_term import DRAWING, EVERY, READING, SPLITTING, SWAPPING, Term
from training.losses.moments import MomentsLoss
from training.losses.pictures.detail import DetailLoss
from training.losses.pictures.feature_matching import FeatureMatchingLoss
from training.losses.pictures.grid import GridLoss
from training.losses.pictures.likeness import LikenessLoss
from training.losses.pictures.perceptual import PerceptualLoss
from training.losses.pictures.reconstruction import ReconstructionLoss
from training.losses.pictures.smoothness import SmoothnessLoss
from training.losses.pictures.structural import StructuralLoss
from training.losses.second_reader import SecondReaderLoss
from training.runtime.distributed import gathered, mine
from training.targets import expression, identity, pose, style

DIRECTIONS = 64
"""In how many random directions the latents' distribution is looked at."""


def framing(loss: nn.Module, p: Passes) -> Tensor:
    """Mean difference of identity and expression between two frames of the same picture.

    Style is free to tell how the face lies in its frame: someone must, or the decoder blurs what it cannot place.
    """
    units = [SPACES[attribute].slice for attribute in (Attribute.IDENTITY, Attribute.EXPRESSION)]
    first, again = gathered(p.f[: len(p.reframed)]), gathered(p.reframed)
    terms: list[Tensor] = [loss(first[:, part], again[:, part]) for part in units]
    return sum(terms[1:], terms[0]) / len(terms)


def cycle(loss: nn.Module, p: Passes, again: Tensor) -> Tensor:
    value: Tensor = loss(gathered(again), gathered(p.swapped))
    return value


def distilled_drawing(loss: nn.Module, p: Passes) -> Tensor:
    """Of random faces, and of photographs' with a swapped part."""
    assert isinstance(loss, DistilledDrawing)
    with p.precision():
        embeddings = torch.cat([loss.split(p.random_z).float(), p.swapped])
        value: Tensor = loss(p.draw(p.model.merger(embeddings)), embeddings)
    return value


def distilled_reading(loss: nn.Module, p: Passes) -> Tensor:
    """The larger model sees the pictures as they are, also where the smaller one reads damaged ones."""
    assert isinstance(loss, DistilledReading)
    with p.precision():
        wanted = loss.embed(p.batch.images)
    value: Tensor = loss(p.everyone, gathered(wanted))
    return value


def likeness(loss: nn.Module, p: Passes) -> Tensor:
    """Of the first rows, drawn as they are and with a part swapped, to the person whose identity each has."""
    assert isinstance(loss, LikenessLoss)
    rows = judged_rows(p)
    drawn = torch.cat([p.drawn[:rows], p.swapped_drawn[:rows]])
    with p.precision():
        own, next_ones = photographed(p, rows, loss.describe)
        wanted = torch.where(taken(p, rows, Attribute.IDENTITY), next_ones, own)
        value: Tensor = loss(drawn, torch.cat([own, wanted]))
    return value


def second_reader(loss: nn.Module, p: Passes) -> Tensor:
    """Of the same rows, disturbed as before they are read again, to what the reader sees in the photographs."""
    assert isinstance(loss, SecondReaderLoss)
    rows = judged_rows(p)

    def read(images: Tensor) -> Tensor:
        with p.precision():
            z = loss.encode(images)
        return loss.split(z.float())

    own, next_ones = photographed(p, rows, read)
    wanted = own.clone()
    for attribute, space in SPACES.items():
        of = space.slice
        wanted[:, of] = torch.where(taken(p, rows, attribute), next_ones[:, of], own[:, of])
    # Those of all processes, in the order in which one has them: faces are measured by their neighbours.
    seen = [gathered(read(p.disturbed(drawn[:rows]))) for drawn in (p.drawn, p.swapped_drawn)]
    value: Tensor = loss(torch.cat(seen), torch.cat([gathered(own), gathered(wanted)]))
    return value


def judged_rows(p: Passes) -> int:
    """How many of the first rows are drawn with a part swapped and have a next row, from which the part may be."""
    return min(len(p.swapped), len(p.batch.images) - 1)


def taken(p: Passes, rows: int, attribute: Attribute) -> Tensor:
    """Which of the swapped rows have an attribute of the next face, `(rows, 1)`."""
    part = SPACES[attribute].slice
    return (p.swapped[:rows, part] != p.f[:rows, part]).any(dim=1, keepdim=True)


def photographed(p: Passes, rows: int, read: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """What is read in the photograph of each of the first rows, and in that of the next one."""
    with torch.no_grad():
        seen = gathered(read(p.batch.images[: rows + 1]))
    own, next_ones = (mine(each)[:rows] for each in (seen, seen.roll(-1, dims=0)))
    return own, next_ones


WHOLE: Mapping[str, Term] = {
    "reconstruction": Term(
        DRAWING, lambda *_: ReconstructionLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "structural": Term(
        DRAWING, lambda *_: StructuralLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "detail": Term(DRAWING, lambda *_: DetailLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)),
    "perceptual": Term(
        DRAWING, lambda *_: PerceptualLoss(), lambda loss, p: loss(p.drawn, p.batch.images, p.batch.weights)
    ),
    "grid": Term(DRAWING, lambda *_: GridLoss(), lambda loss, p: loss(p.drawn)),
    "smoothness": Term(DRAWING, lambda *_: SmoothnessLoss(), lambda loss, p: loss(p.drawn, 1.0 - p.batch.masks)),
    "likeness": Term(
        tuple(stage for stage in DRAWING if stage in SWAPPING),
        lambda recipe, _: LikenessLoss(Path(recipe.likeness_network)),
        likeness,
    ),
    "second_reader": Term(
        tuple(stage for stage in DRAWING if stage in SWAPPING),
        lambda recipe, _: SecondReaderLoss(Path(recipe.second_reader)),
        second_reader,
    ),
    "distilled_reading": Term(
        SPLITTING,
        lambda recipe, _: DistilledReading(
            Path(recipe.distilled_from), recipe.network.image_size, [Attribute(part) for part in recipe.distilled_parts]
        ),
        distilled_reading,
    ),
    "distilled_drawing": Term(
        tuple(stage for stage in DRAWING if stage in SWAPPING),
        lambda recipe, _: DistilledDrawing(Path(recipe.distilled_from), recipe.network.image_size),
        distilled_drawing,
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
    "framing": Term(SPLITTING, lambda *_: AlignmentLoss(), framing),
    "leakage": Term(SPLITTING, lambda *_: LeakageLoss(), lambda loss, p: loss(p.everyone, p.generator)),
    "cycle": Term(SWAPPING, lambda *_: CycleLoss(), lambda loss, p: cycle(loss, p, p.reread)),
    "latent_cycle": Term(SPLITTING, lambda *_: CycleLoss(), lambda loss, p: cycle(loss, p, p.remerged)),
}
"""The losses of pictures, of latents, and of the embedding as a whole."""

TERMS: Mapping[str, Term] = {**WHOLE, **pose.TERMS, **identity.TERMS, **expression.TERMS, **style.TERMS}
