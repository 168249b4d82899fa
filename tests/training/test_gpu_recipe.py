"""The recipe for a GPU is rehearsed on the processors: all but the width, the batch and the compiler."""

import math

import pytest

from model.face_model import FaceModel
from tests.training.drawn import crop_set
from training.loop import Report, Trainer
from training.recipe import load_recipe
from training.train import batches_of

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
def test_ten_steps_of_it() -> None:
    recipe, whole = load_recipe("facet-128-gpu", NARROW), load_recipe("facet-128-gpu")
    assert (whole.network.read_size, whole.network.image_size, whole.compile) == (64, 128, True)
    crops = crop_set(40, 128)
    trainer = Trainer(recipe, FaceModel(recipe.network), batches_of(recipe, crops, "cpu"), crops.classes)
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    reports: list[Report] = []
    assert trainer.run(reports.append)
    assert [report.step for report in reports] == list(range(1, 11))
    asked = {name for name, weight in vars(whole.weights).items() if weight}
    critics = {"image_critic", "image_penalty"}
    assert set(reports[0].losses) == asked | critics | {"gradient"}
    assert all(math.isfinite(value) for report in reports for value in report.losses.values())
    assert all((value != before[name]).any() for name, value in trainer.model.named_parameters() if value.numel() > 99)
