"""The recipes for a GPU are rehearsed on the processors: all but the width, the batch and the compiler."""

import math

import pytest

from model.face_model import FaceModel
from tests.training.drawn import crop_set
from tests.training.recipes import larger_model
from tests.training.small_recognition import manifest
from training.loop import Report, Trainer
from training.recipe import LEARNING, load_recipe
from training.train import batches_of

RECIPES = ("facet-128-gpu", "facet-128-further", "facet-128-further-sharp")
NARROW = {
    "network.channels": [8, 8, 8, 8],
    "network.encoder_depths": [0, 1, 0, 0],
    "network.decoder_depths": [0, 1, 0, 0],
    "network.finer_channels": [8],
    "network.hidden": 32,
    "steps": 10,
    "batch_size": 8,
    "compile": False,
    "optimiser.warmup_steps": 2,
    "optimiser.decay_steps": 1,
}


@pytest.mark.filterwarnings("ignore:.*bfloat16:UserWarning")
@pytest.mark.parametrize("name", RECIPES)
def test_ten_steps_of_it(name: str) -> None:
    others = {"likeness_network": manifest(), "second_reader": larger_model(64)}
    recipe, whole = load_recipe(name, NARROW | others), load_recipe(name)
    assert (whole.network.read_size, whole.network.image_size, whole.compile) == (64, 128, True)
    crops = crop_set(40, 128)
    trainer = Trainer(recipe, FaceModel(recipe.network), batches_of(recipe, crops, "cpu"), crops.classes)
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    reports: list[Report] = []
    assert trainer.run(reports.append)
    assert [report.step for report in reports] == list(range(1, 11))
    asked = {name for name, weight in vars(whole.weights).items() if weight}
    critics = {"image_critic", "image_penalty"} if whole.weights.image_adversarial else set()
    assert set(reports[0].losses) == asked | critics | {"gradient"}
    assert all(math.isfinite(value) for report in reports for value in report.losses.values())
    learning = LEARNING[whole.stage]
    for network, module in trainer.model.named_children():
        assert all(
            (value != before[f"{network}.{part}"]).any() == (network in learning)
            for part, value in module.named_parameters()
            if value.numel() > 99
        )
