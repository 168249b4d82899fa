"""All losses of one batch: what the loop steps on."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor, nn

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.data.batches import Batch
from training.data.crops import EXPRESSIONS
from training.discriminators import LatentDiscriminator
from training.losses.adversarial import DiscriminatorLoss, GeneratorLoss
from training.losses.alignment import AlignmentLoss
from training.losses.cycle import CycleLoss
from training.losses.distillation import DistillationLoss
from training.losses.gradient_penalty import GradientPenalty
from training.losses.latent import LatentLoss
from training.losses.margin_softmax import MarginSoftmaxLoss
from training.losses.pose import PoseLoss
from training.losses.reconstruction import ReconstructionLoss
from training.losses.structural import StructuralLoss
from training.losses.triplet import TripletLoss
from training.losses.uniformity import UniformityLoss
from training.stages import Recipe

CYCLE_NOISE = 0.04
"""Deviation of the noise added to a drawn face before it is read again: signals that nobody sees drown in it."""

CRITIC_SLOPE = 1.0
"""Weight of the penalty on the discriminator's slope: without it the latents and their critic chase each other."""


@contextmanager
def standing(module: nn.Module) -> Iterator[None]:
    """Let gradients pass through a network without changing it."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


class Objective(nn.Module):
    """The weighted losses of a recipe's stage. Holds the losses' own parameters and the discriminator."""

    def __init__(self, recipe: Recipe, people: int) -> None:
        super().__init__()
        self.recipe = recipe
        weights = recipe.weights
        self.reconstruction, self.structural, self.latent = ReconstructionLoss(), StructuralLoss(), LatentLoss()
        self.pose, self.cycle = PoseLoss(), CycleLoss()
        self.distillation = DistillationLoss()
        self.triplet = TripletLoss()
        self.alignment, self.uniformity = AlignmentLoss(), UniformityLoss()
        sizes = {attribute: SPACES[attribute].size for attribute in Attribute}
        identity, expression = sizes[Attribute.IDENTITY], sizes[Attribute.EXPRESSION]
        self.people = MarginSoftmaxLoss(people, identity) if weights.identity_class and people else None
        self.expressions = (
            MarginSoftmaxLoss(len(EXPRESSIONS), expression, scale=8.0, margin=0.1) if weights.expression_class else None
        )
        self.discriminator = LatentDiscriminator() if weights.latent_adversarial else None
        self.fooling, self.telling_apart, self.penalty = GeneratorLoss(), DiscriminatorLoss(), GradientPenalty()

    def forward(
        self, model: FaceModel, batch: Batch, step: int, generator: Generator
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Each loss by name, unweighted, and the latents z `(n, 99)` for the discriminator to look at.

        The generator draws partners, swapped attributes and noise.
        """
        w, joint = self.recipe.weights, self.recipe.stage != "autoencoder"
        z = self._encode(model, batch.images)
        losses: dict[str, Tensor] = {}
        f = merged = None
        if joint:
            f = model.splitter(z)
            merged = model.merger(f)
            losses |= self._attributes(model, f, batch)
            random = torch.randn(z.shape, generator=generator).to(z.device)
            random_merged = model.merger(model.splitter(random))
            losses["latent"] = self.latent(merged, z) + self.latent(random_merged, random)
            if w.cycle:
                losses["cycle"] = self._ramp(step) * self._cycle(model, f.detach(), generator)
        if self.recipe.stage != "disentangle":
            drawn = self._draw(model, z if merged is None else merged)
            losses["reconstruction"] = self.reconstruction(drawn, batch.images, batch.masks)
            losses["structural"] = self.structural(drawn, batch.images, batch.masks)
            if self.discriminator is not None:
                with standing(self.discriminator):
                    losses["latent_adversarial"] = self.fooling(self.discriminator(z))
        return losses, z.detach()

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """The weighted sum that the networks descend."""
        terms: list[Tensor] = [getattr(self.recipe.weights, name) * loss for name, loss in losses.items()]
        return sum(terms[1:], terms[0])

    def discriminate(self, critic: LatentDiscriminator, z: Tensor, generator: Generator) -> Tensor:
        """The discriminator's own loss over latents `(n, 99)` of photographs."""
        z = z.clone().requires_grad_()
        prior = torch.randn(z.shape, generator=generator).to(z.device).requires_grad_()
        real, fake = critic(prior), critic(z)
        slope = self.penalty(real, prior) + self.penalty(fake, z)
        loss: Tensor = self.telling_apart(real, fake) + CRITIC_SLOPE * slope
        return loss

    def _encode(self, model: FaceModel, images: Tensor) -> Tensor:
        """Latents `(n, 99)`; only the large networks run in bf16, what follows keeps float32's precision."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            z: Tensor = model.encoder(images)
        return z.float()

    def _draw(self, model: FaceModel, z: Tensor) -> Tensor:
        with torch.autocast(z.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            images: Tensor = model.decoder(z)
        return images.float()

    def _ramp(self, step: int) -> float:
        return min(1.0, (step + 1) / max(1, self.recipe.cycle_ramp_steps))

    def _attributes(self, model: FaceModel, f: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The losses that tell each sub-vector what it stands for."""
        w = self.recipe.weights
        pose, identity, expression, style = (f[:, SPACES[attribute].slice] for attribute in Attribute)
        losses: dict[str, Tensor] = {}
        if w.pose:
            known = ~batch.pose.isnan().any(dim=1)
            losses["pose"] = self.pose(pose, batch.pose.nan_to_num(), known)
        if w.identity:
            known = ~batch.identity_target.isnan().any(dim=1)
            losses["identity"] = self.distillation(identity, batch.identity_target, known)
        if self.people is not None:
            losses["identity_class"] = self.people(identity, batch.identity)
        if w.identity_triplet:
            losses["identity_triplet"] = self.triplet(identity, batch.identity)
        if w.expression:
            known = ~batch.expression_target.isnan().any(dim=1)
            losses["expression"] = self.distillation(expression, batch.expression_target, known)
        if self.expressions is not None:
            losses["expression_class"] = self.expressions(expression, batch.expression)
        if w.style_uniformity:
            losses["style_uniformity"] = self.uniformity(style)
        if w.framing and len(batch.reframed):
            again = model.splitter(self._encode(model, batch.reframed))
            unit = [space.slice for space in SPACES.values() if space.unit]
            pairs = [self.alignment(f[: len(again), part], again[:, part]) for part in unit]
            losses["framing"] = sum(pairs[1:], pairs[0]) / len(pairs)
        return losses

    def _cycle(self, model: FaceModel, f: Tensor, generator: Generator) -> Tensor:
        """Swap one attribute of each face with the next face's, draw, read again, compare.

        Encoder and splitter stand still: they learn to read from photographs, so the decoder must draw what they see
        in photographs, and the two cannot agree on a private code.
        """
        swapped = swap(f[: max(2, round(self.recipe.cycle_share * len(f)))], generator)
        drawn = self._draw(model, model.merger(swapped))
        noisy = drawn + CYCLE_NOISE * torch.randn(drawn.shape, generator=generator).to(drawn.device)
        with standing(model.encoder), standing(model.splitter):
            loss: Tensor = self.cycle(model.splitter(self._encode(model, noisy)), swapped)
        return loss


def swap(f: Tensor, generator: Generator) -> Tensor:
    """Embeddings `(n, 99)`, each with one random attribute taken from the next row; the rest is bit-equal."""
    chosen = torch.randint(len(SPACES), (len(f),), generator=generator)
    taken = torch.zeros(len(f), EMBEDDING_SIZE, dtype=torch.bool)
    for number, space in enumerate(SPACES.values()):
        taken[:, space.slice] = (chosen == number)[:, None]
    return torch.where(taken.to(f.device), f.roll(-1, dims=0), f)
