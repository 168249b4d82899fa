"""Recipes of a few steps with tiny networks."""

from typing import Any

from tests.tiny import TINY
from training.data.augmentation import Augmentation
from training.data.batches import Batches
from training.data.crops import CropSet
from training.stages import Optimiser, Recipe, StageName, Weights

EVERYTHING = Weights(
    reconstruction=1.0,
    structural=0.5,
    latent=0.1,
    latent_adversarial=0.05,
    pose=0.5,
    identity=1.0,
    identity_class=0.1,
    identity_triplet=0.1,
    expression=1.0,
    expression_class=0.1,
    framing=0.3,
    style_uniformity=0.1,
    cycle=0.5,
)


def tiny_recipe(stage: StageName, steps: int, **changes: Any) -> Recipe:
    """Every loss, in batches of six."""
    settings: dict[str, Any] = {
        "batch_size": 6,
        "network": TINY,
        "weights": EVERYTHING,
        "optimiser": Optimiser(warmup_steps=2, decay_steps=3),
        "reframed_share": 0.5,
    }
    return Recipe(stage, steps, **(settings | changes))


def batches_for(recipe: Recipe, crops: CropSet, how: Augmentation | None = None) -> Batches:
    reframed = round(recipe.reframed_share * recipe.batch_size)
    return Batches(crops, 64, recipe.batch_size, recipe.seed, how or recipe.augmentation, reframed)
