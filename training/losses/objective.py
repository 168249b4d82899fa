"""The weighted losses of a recipe's stage: what the loop steps on."""

import torch
from torch import Tensor, nn

from training.critics.updates import JUDGED, Critics
from training.forward_passes import Passes
from training.losses.embedding.queue import Queue
from training.losses.terms import TERMS
from training.networks.classifier_features import LiteFeatures
from training.networks.face_recognition import FaceRecognition
from training.recipe import Recipe


class Objective(nn.Module):
    """Every loss that counts in a stage, and the critics that some of them need.

    Holds the losses' own parameters and memories: its state belongs to that of the training.
    """

    def __init__(self, recipe: Recipe, people: int) -> None:
        super().__init__()
        self.recipe = recipe
        counted = [name for name, weight in vars(recipe.weights).items() if weight and self._counts(name, people)]
        self.losses = nn.ModuleDict({name: TERMS[name].make(recipe, people) for name in counted})
        self.critics = Critics(recipe, set(counted))

    @property
    def references(self) -> list[nn.Module]:
        """The networks by which losses see, and which learn nothing."""
        return [module for module in self.losses.modules() if isinstance(module, LiteFeatures | FaceRecognition)]

    def _counts(self, name: str, people: int) -> bool:
        if name == "framing" and not self.recipe.reframed:
            return False
        return self.recipe.stage in TERMS[name].stages and (people > 0 or name != "identity_class")

    def forward(self, passes: Passes) -> dict[str, Tensor]:
        """Each loss by name, unweighted."""
        return {name: TERMS[name].of(loss, passes) for name, loss in self.losses.items()}

    def total(self, losses: dict[str, Tensor], step: int) -> Tensor:
        """The weighted sum that the networks descend."""
        return torch.stack([self.weight(name, step) * loss for name, loss in losses.items()]).sum()

    def remember(self) -> None:
        """Let the losses that look back at past batches keep the present one."""
        for module in self.losses.modules():
            if isinstance(module, Queue):
                module.push()

    def weight(self, name: str, step: int) -> float:
        """A loss's weight in a step: that of swaps and of the image critic's opinion rises from 0."""
        weight: float = getattr(self.recipe.weights, name)
        steps = 1
        if name == "cycle":
            steps = self.recipe.cycle_ramp_steps
        elif name in JUDGED:
            steps = self.recipe.critics.ramp_steps
        return weight * min(1.0, (step + 1) / max(1, steps))
