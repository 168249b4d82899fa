from dataclasses import replace

import numpy as np
import pytest
import torch

from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from tests.training.drawn import samples
from tests.training.recipes import batches_for, tiny_recipe
from training.data.augmentation import Augmentation
from training.data.crops import CropSet, fit_targets, load_crops
from training.loop import Report, Trainer
from training.recipe import Optimiser, StageName, Weights

NETWORK = NetworkConfig(64, (16, 32, 32, 32), (0, 0, 0, 0), (0, 0, 0, 0), hidden=64)
CALM = Augmentation(shift=0, zoom=0, turn_degrees=0, mirror=False, gain=0, contrast=0, brightness=0)
NOTHING = Weights(reconstruction=0, structural=0, latent=0)
ATTRIBUTES = {
    "pose": 0.5,
    "identity": 1.0,
    "identity_class": 0.1,
    "identity_triplet": 1.0,
    "identity_contrastive": 0.1,
    "expression": 1.0,
    "expression_class": 0.1,
    "expression_triplet": 1.0,
    "style_video": 1.0,
}


@pytest.fixture(scope="module")
def crops() -> CropSet:
    """Thirty-two faces whose blendshapes belong to their expression."""
    shapes = {
        name: np.random.default_rng(number).uniform(0, 1, 52) for number, name in enumerate(("neutral", "happiness"))
    }
    known = [
        replace(s, blendshapes=(0.9 * shapes[s.expression or ""] + 0.1 * np.array(s.blendshapes)).tolist())
        for s in samples(40)
    ]
    return load_crops(known[:32], 64, fit_targets(known))


def train(
    stage: StageName, steps: int, weights: Weights, crops: CropSet, model: FaceModel, rate: float, batch_size: int
) -> tuple[Report, Report]:
    """The first report and the last."""
    optimiser = Optimiser(rate, warmup_steps=10, decay_steps=steps // 2, schedule="cosine", ema=0.9)
    still = {"augmentation": CALM, "network": NETWORK, "bf16": False}
    recipe = tiny_recipe(stage, steps, weights=weights, optimiser=optimiser, batch_size=batch_size, **still)
    reports: list[Report] = []
    assert Trainer(recipe, model, batches_for(recipe, crops), crops.classes).run(reports.append)
    return reports[0], reports[-1]


@pytest.mark.slow
def test_three_stages_learn_thirty_two_faces_by_heart(crops: CropSet) -> None:
    torch.manual_seed(0)
    model = FaceModel(NETWORK)

    weights = replace(NOTHING, reconstruction=4.0, structural=1.0, latent_moments=0.01)
    first, last = train("autoencoder", 70, weights, crops, model, 2e-3, 16)
    assert first.losses["reconstruction"] > 0.3 > 0.16 > last.losses["reconstruction"]
    assert first.losses["structural"] > 0.8 > 0.4 > last.losses["structural"]

    # The latents stand still and tell people apart, but no mouths: that is for the third stage.
    weights = replace(NOTHING, latent=0.3, **ATTRIBUTES)
    first, last = train("disentangle", 80, weights, crops, model, 6e-3, 32)
    assert first.losses["identity"] > 1.5 > 0.5 > last.losses["identity"]
    assert first.losses["identity_triplet"] > 0.2 > 0.01 > last.losses["identity_triplet"]
    assert first.losses["style_video"] > 0.2 > 0.01 > last.losses["style_video"]
    assert first.losses["latent"] > 1.4 > 1.1 > last.losses["latent"]

    weights = replace(NOTHING, reconstruction=4.0, structural=1.0, latent_moments=0.001, latent=0.1, **ATTRIBUTES)
    first, last = train("joint", 200, weights, crops, model, 2e-3, 16)
    bounds = {"reconstruction": 0.1, "structural": 0.22, "pose": 0.05, "identity": 0.35, "expression": 0.2}
    bounds |= {"identity_class": 1.0, "expression_class": 0.8, "identity_contrastive": 0.1}
    bounds |= {"identity_triplet": 0.05, "style_video": 0.05, "expression_triplet": 0.05}
    assert {name: value for name, value in last.losses.items() if value > bounds.get(name, np.inf)} == {}
    assert first.losses["pose"] > 0.5
    assert first.losses["expression"] > 0.4
    assert first.losses["expression_triplet"] > 0.3
