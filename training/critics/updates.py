"""The discriminators' side of the game."""

import torch
from torch import Tensor, nn

from training.critics.networks import ImageDiscriminator, LatentDiscriminator
from training.forward_passes import Passes
from training.losses.adversarial import DiscriminatorLoss
from training.losses.gradient_penalty import GradientPenalty
from training.recipe import Recipe

LATENT_PENALTY = 1.0
"""Weight of the latent critic's slope: without it the latents and their critic chase each other."""
JUDGED = {
    "image_adversarial": "drawn",
    "swapped_adversarial": "swapped_drawn",
    "generated_adversarial": "generated",
    "feature_matching": "drawn",
}
"""The losses with which the image critic judges drawn faces, and which of the passes each judges."""


class Critics(nn.ModuleDict):
    """Those discriminators, `latent` and `image`, that a recipe's losses ask for, and what they learn from."""

    def __init__(self, recipe: Recipe, counted: set[str]) -> None:
        super().__init__()
        self.recipe = recipe
        self.judged = list(dict.fromkeys(name for loss, name in JUDGED.items() if loss in counted))
        if "latent_adversarial" in counted:
            self["latent"] = LatentDiscriminator()
        if self.judged:
            self["image"] = ImageDiscriminator(recipe.network, recipe.critics.patches, recipe.critics.classifier)

    @property
    def of_pictures(self) -> ImageDiscriminator:
        """The critic of pictures."""
        critic = self["image"]
        assert isinstance(critic, ImageDiscriminator)
        return critic

    def compile_looks(self, backend: str) -> None:
        """Make one program of what a critic of pictures looks at."""
        if "image" in self:
            self.of_pictures.compile_look(backend)

    def losses(self, passes: Passes, step: int) -> dict[str, Tensor]:
        """Each critic's own loss, by its name and `_critic`; no gradient reaches the model."""
        losses = {}
        if "latent" in self:
            losses["latent_critic"] = self._latent(passes)
        if "image" in self:
            losses["image_critic"] = self._image(passes)
            if step % self.recipe.critics.penalty_every == 0:
                losses["image_penalty"] = self._penalty(passes)
        return losses

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """What the critics descend; the penalty weighs more for coming seldom (Karras et al. 2020)."""
        how = self.recipe.critics
        weights = {"image_penalty": how.penalty * how.penalty_every}
        return torch.stack([weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()

    def _latent(self, passes: Passes) -> Tensor:
        z = passes.z.detach().clone().requires_grad_()
        prior = passes.normal_rows(*z.shape).requires_grad_()
        real, fake = self["latent"](prior), self["latent"](z)
        penalty = GradientPenalty()
        loss: Tensor = DiscriminatorLoss()(real, fake) + LATENT_PENALTY * (penalty(real, prior) + penalty(fake, z))
        return loss

    def _image(self, passes: Passes) -> Tensor:
        """Photographs against each kind of drawn faces, all seen through the photographs' masks."""
        fakes: list[Tensor] = [getattr(passes, name).detach() for name in self.judged]
        images = passes.batch.images
        seen = torch.cat([passes.shown(pictures) for pictures in (images, *fakes)])
        with passes.precision():
            judged, _ = self.of_pictures.look(seen)
        real, *scores = torch.split(judged.float(), [len(images), *(len(drawn) for drawn in fakes)])
        # Each kind weighs the same, however many faces of it were drawn.
        loss = DiscriminatorLoss()
        total: Tensor = torch.stack([loss(real, fake) for fake in scores]).mean()
        return total

    def _penalty(self, passes: Passes) -> Tensor:
        """The slope at photographs (R1), in float32: it is a second derivative."""
        seen = passes.shown(passes.batch.images).requires_grad_()
        slope: Tensor = GradientPenalty()(self["image"](seen).mean(dim=1), seen)
        return slope
