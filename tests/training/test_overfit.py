from dataclasses import replace

import pytest
import torch

from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from tests.training.drawn import samples
from tests.training.recipes import batches_for, tiny_recipe
from training.data.augmentation import Augmentation
from training.data.crops import fit_targets, load_crops
from training.loop import Report, Trainer
from training.stages import Optimiser, Weights

NETWORK = NetworkConfig(64, (16, 32, 32, 32), (0, 0, 0, 0), (0, 0, 0, 0), 64)
CALM = Augmentation(shift=0, zoom=0, turn_degrees=0, mirror=False, gain=0, contrast=0, brightness=0)


@pytest.mark.slow
def test_a_small_model_learns_sixteen_faces_by_heart() -> None:
    known = samples(40)
    crops = load_crops(known[:16], 64, fit_targets(known))
    recipe = tiny_recipe(
        "joint",
        120,
        batch_size=16,
        network=NETWORK,
        weights=Weights(reconstruction=4.0, structural=1.0, latent=0.1, pose=0.5, identity=1.0, expression=1.0),
        optimiser=Optimiser(4e-3, warmup_steps=10, decay_steps=60),
        bf16=False,
        reframed_share=0.0,
    )
    torch.manual_seed(0)
    trainer = Trainer(recipe, FaceModel(NETWORK), batches_for(replace(recipe, augmentation=CALM), crops), 0)
    reports: list[Report] = []
    assert trainer.run(reports.append)
    first, last = reports[0].losses, reports[-1].losses
    assert first["reconstruction"] > 0.3 > 0.12 > last["reconstruction"]
    assert first["structural"] > 0.8 > 0.4 > last["structural"]
    assert first["pose"] > 0.5 > 0.05 > last["pose"]
    assert first["identity"] > 1.0 > 0.1 > last["identity"]
    assert first["expression"] > 1.0 > 0.2 > last["expression"]
