from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import EVERYTHING, only, passes_for, tiny_recipe
from training.critics.updates import JUDGED
from training.data.crops import CropSet
from training.losses.objective import Objective
from training.losses.terms import TERMS
from training.recipe import CriticOptions, Recipe, StageName, Weights

ALL = {"encoder", "splitter", "merger", "decoder"}
READING, DRAWING = {"encoder", "splitter"}, {"merger", "decoder"}
TAUGHT: dict[str, set[str]] = {
    "reconstruction": ALL,
    "structural": ALL,
    "detail": ALL,
    "perceptual": ALL,
    "grid": ALL,
    "smoothness": ALL,
    "likeness": ALL,
    "second_reader": ALL,
    "distilled_drawing": DRAWING,
    "image_adversarial": ALL,
    "swapped_adversarial": DRAWING,
    "generated_adversarial": DRAWING,
    "feature_matching": ALL,
    "latent": READING | {"merger"},
    "latent_adversarial": {"encoder"},
    "latent_moments": {"encoder"},
    "cycle": DRAWING,
    "latent_cycle": {"merger"},
}
"""Whom each loss teaches when all networks learn; those not named here tell the sub-vectors what they stand for."""
STANDING: dict[str, set[str]] = {
    "autoencoder": {"splitter", "merger"},
    "disentangle": {"encoder", "decoder"},
    "joint": set(),
    "drawing": {"encoder", "splitter"},
}
PLACES = [(stage, name) for stage in STANDING for name, term in TERMS.items() if stage in term.stages]


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


def measured(recipe: Recipe, crops: CropSet) -> dict[str, Tensor]:
    objective = Objective(recipe, crops.classes)
    losses: dict[str, Tensor] = objective(passes_for(recipe, crops, tiny_model(), objective))
    return losses


def test_every_weight_has_its_loss() -> None:
    assert TERMS.keys() == vars(Weights()).keys() == vars(EVERYTHING).keys()
    assert all(weight > 0 for weight in vars(EVERYTHING).values())


@pytest.mark.parametrize(("stage", "name"), PLACES)
def test_a_loss_teaches_the_networks_that_it_should_and_no_others(stage: StageName, name: str, crops: CropSet) -> None:
    recipe = tiny_recipe(stage, 10, bf16=False, weights=only(name), batch_size=30)  # so that some are of one person
    model = tiny_model()
    for part, network in model.named_children():
        network.requires_grad_(part not in STANDING[stage])
    objective = Objective(recipe, crops.classes)
    passes = passes_for(recipe, crops, model, objective)
    losses = objective(passes)
    assert losses.keys() == {name}
    assert losses[name].shape == ()
    assert losses[name].isfinite()
    objective.total(losses, 10_000).backward()
    taught = {part for part, network in model.named_children() if any(moved(p) for p in network.parameters())}
    assert taught == TAUGHT.get(name, READING) - STANDING[stage]
    heads = [parameter for parameter in objective.losses.parameters() if parameter.requires_grad]
    assert all(moved(p) for p in heads)
    assert bool(heads) is (name in {"identity_class", "expression_class"})
    assert not any(moved(p) for p in objective.critics.parameters())


def moved(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool((parameter.grad != 0).any())


@pytest.mark.parametrize("stage", STANDING)
def test_each_stage_has_its_losses(stage: StageName, crops: CropSet) -> None:
    losses = measured(tiny_recipe(stage, 10), crops)
    assert losses.keys() == {name for place, name in PLACES if place == stage}


def test_a_weight_of_zero_leaves_a_loss_out(crops: CropSet) -> None:
    assert measured(tiny_recipe("joint", 1, weights=Weights()), crops).keys() == {
        "reconstruction",
        "structural",
        "latent",
    }


def test_the_total_is_the_weighted_sum() -> None:
    objective = Objective(tiny_recipe("joint", 1, weights=Weights(reconstruction=2.0, pose=0.5)), 0)
    losses = {"reconstruction": torch.tensor(3.0), "pose": torch.tensor(4.0)}
    assert objective.total(losses, 0).item() == 2.0 * 3.0 + 0.5 * 4.0


def test_swaps_and_the_image_critic_gain_weight_over_their_ramps() -> None:
    recipe = tiny_recipe("joint", 1, cycle_ramp_steps=1000, critics=CriticOptions(ramp_steps=100))
    objective = Objective(recipe, 1)
    weights = {name: [objective.weight(name, step) for step in (0, 49, 499, 5000)] for name in vars(EVERYTHING)}
    assert weights["cycle"] == pytest.approx([0.0005, 0.025, 0.25, 0.5])
    for name in JUDGED:
        assert weights.pop(name) == pytest.approx([0.0005, 0.025, 0.05, 0.05])
    del weights["cycle"]
    assert all(values == [getattr(EVERYTHING, name)] * 4 for name, values in weights.items())


def test_unknown_labels_leave_their_losses_at_zero(crops: CropSet) -> None:
    unknown = {
        "pose": torch.full_like(crops.pose, torch.nan),
        "identity": torch.full_like(crops.identity, -1),
        "expression": torch.full_like(crops.expression, -1),
        "video": torch.full_like(crops.video, -1),
        "valence_arousal": torch.full_like(crops.valence_arousal, torch.nan),
        "identity_target": torch.full_like(crops.identity_target, torch.nan),
        "expression_target": torch.full_like(crops.expression_target, torch.nan),
    }
    losses = measured(tiny_recipe("joint", 10), replace(crops, **unknown))
    assert "identity_class" not in losses  # there are no people to tell apart
    named = ("pose", "identity", "identity_triplet", "identity_contrastive", "expression", "expression_class")
    named += ("expression_triplet", "style_video")
    assert {name: float(losses[name].detach()) for name in named} == dict.fromkeys(named, 0.0)


def test_the_past_is_kept_only_when_told(crops: CropSet) -> None:
    recipe = tiny_recipe("joint", 1, weights=only("leakage"))
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crops, tiny_model(), objective)
    objective(passes)
    assert list(objective.state_dict().values()) == [None]
    objective.remember()
    [rows] = objective.state_dict().values()
    assert torch.equal(rows, passes.f)
    assert not rows.requires_grad
