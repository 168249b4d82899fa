"""Recipes of a few steps with tiny networks."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from torch import Generator

from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from tests.tiny import TINY, tiny_model
from tests.training.small_recognition import manifest
from training.data.augmentation import Augmentation
from training.data.batches import Batches
from training.data.crops import CropSet
from training.forward_passes import Passes
from training.losses.objective import Objective
from training.recipe import Optimiser, Recipe, StageName, Weights

EVERYTHING = Weights(
    reconstruction=1.0,
    structural=0.5,
    detail=0.1,
    perceptual=0.1,
    grid=0.1,
    smoothness=0.1,
    likeness=0.01,
    distilled_reading=0.01,
    distilled_drawing=0.01,
    image_adversarial=0.05,
    swapped_adversarial=0.05,
    generated_adversarial=0.05,
    feature_matching=0.05,
    latent=0.1,
    latent_adversarial=0.05,
    latent_moments=0.1,
    pose=0.5,
    second_reader=0.2,
    identity=1.0,
    identity_class=0.1,
    identity_triplet=0.1,
    identity_contrastive=0.1,
    expression=1.0,
    expression_class=0.1,
    expression_triplet=0.1,
    style_video=0.1,
    style_uniformity=0.1,
    framing=0.3,
    leakage=0.1,
    cycle=0.5,
    latent_cycle=0.1,
)


def tiny_recipe(stage: StageName, steps: int, **changes: Any) -> Recipe:
    """Every loss, in batches of six."""
    settings: dict[str, Any] = {
        "batch_size": 6,
        "network": TINY,
        "weights": EVERYTHING,
        "optimiser": Optimiser(warmup_steps=2, decay_steps=3),
        "reframed_share": 0.5,
        "likeness_network": manifest(),
        "second_reader": larger_model(64),
        "distilled_from": larger_model(changes.get("network", TINY).image_size),
    }
    return Recipe(stage, steps, **(settings | changes))


@cache
def larger_model(image_size: int) -> str:
    """Where a model with some more channels lies, for the recipes of all tests of a process."""
    finer = (8,) * (image_size // 64 - 1).bit_length()
    model = tiny_model(5, NetworkConfig(64, (16, 16, 16, 16), (0, 0, 0, 0), (0, 0, 0, 0), finer, hidden=32))
    path = Path(mkdtemp(prefix="larger-")) / "larger.safetensors"
    save_checkpoint(path, "larger", model, Calibration(), {})
    return str(path)


def only(name: str, weight: float = 1.0) -> Weights:
    """One loss alone."""
    return Weights(**(dict.fromkeys(vars(EVERYTHING), 0.0) | {name: weight}))


def passes_for(recipe: Recipe, crops: CropSet, model: FaceModel, objective: Objective) -> Passes:
    """The passes of the first batch."""
    batch = batches_for(recipe, crops)[0]
    return Passes(recipe, model, batch, Generator().manual_seed(0), objective.critics)


def batches_for(recipe: Recipe, crops: CropSet, how: Augmentation | None = None) -> Batches:
    how = how or recipe.augmentation
    return Batches(crops, 64, recipe.batch_size, recipe.seed, how, recipe.reframed, recipe.together)
