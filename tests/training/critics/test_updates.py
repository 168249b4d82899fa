import math

import pytest
import torch

from model.attributes import EMBEDDING_SIZE
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import only, passes_for, tiny_recipe
from training.critics.updates import JUDGED
from training.data.crops import CropSet
from training.losses.objective import Objective
from training.recipe import CriticOptions


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("reconstruction", set()),
        ("latent_adversarial", {"latent_critic"}),
        *((name, {"image_critic", "image_penalty"}) for name in JUDGED),
    ],
)
def test_only_the_critics_that_are_asked_for_learn(loss: str, expected: set[str], crops: CropSet) -> None:
    recipe = tiny_recipe("joint", 10, weights=only(loss), bf16=False)
    model, objective = tiny_model(), Objective(recipe, 0)
    passes = passes_for(recipe, crops, model, objective)
    objective(passes)
    losses = objective.critics.losses(passes, 0)
    assert losses.keys() == expected
    if losses:
        objective.critics.total(losses).backward()
        assert all(parameter.grad is not None for parameter in objective.critics.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_patches_under_disguise_are_judged_and_matched(crops: CropSet) -> None:
    options = CriticOptions(patches=True, disguise=True)
    recipe = tiny_recipe("drawing", 10, weights=only("feature_matching"), critics=options, bf16=False)
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crops, tiny_model(), objective)
    assert objective.critics.losses(passes, 0).keys() == {"image_critic", "image_penalty"}
    assert passes.scores(passes.drawn).shape == (6, 64)
    assert passes.scores(passes.drawn) is passes.drawn_judged[0]  # looked at once
    # The same picture looks the same in the same row's disguise, and another way in another's.
    passes = passes_for(recipe, crops, tiny_model(), objective)
    passes.drawn = passes.batch.images
    assert objective(passes)["feature_matching"].item() == 0.0
    passes.batch.images[:] = passes.batch.images[:1]
    passes.batch.masks[:] = 1.0
    first, second = passes.shown(passes.batch.images)[:2]
    assert not torch.equal(first, second)


def test_the_slope_is_measured_seldom_and_weighs_as_much_more(crops: CropSet) -> None:
    options = CriticOptions(penalty=2.0, penalty_every=4)
    recipe = tiny_recipe("autoencoder", 10, weights=only("image_adversarial"), critics=options, bf16=False)
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crops, tiny_model(), objective)
    measured = [objective.critics.losses(passes, step) for step in range(9)]
    assert [step for step, losses in enumerate(measured) if "image_penalty" in losses] == [0, 4, 8]
    loss, penalty = measured[0]["image_critic"], measured[0]["image_penalty"]
    torch.testing.assert_close(objective.critics.total(measured[0]), loss + 2.0 * 4 * penalty)
    torch.testing.assert_close(objective.critics.total(measured[1]), measured[1]["image_critic"])


def test_critics_that_know_nothing_have_equal_odds(crops: CropSet) -> None:
    recipe = tiny_recipe("joint", 10, bf16=False)
    objective = Objective(recipe, crops.classes)
    with torch.no_grad():
        for parameter in objective.critics.parameters():
            parameter.zero_()
    passes = passes_for(recipe, crops, tiny_model(), objective)
    losses = objective.critics.losses(passes, 0)
    assert losses["image_critic"].item() == pytest.approx(2 * math.log(2))
    assert losses["latent_critic"].item() == pytest.approx(2 * math.log(2))
    assert losses["image_penalty"].item() == 0.0
    values = objective(passes)
    assert values["feature_matching"].item() == 0.0
    for name in JUDGED.keys() - {"feature_matching"}:
        assert values[name].item() == pytest.approx(math.log(2))


def test_what_was_not_photographed_is_not_judged(crops: CropSet) -> None:
    recipe = tiny_recipe("autoencoder", 10, weights=only("image_adversarial"), bf16=False)
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crops, tiny_model(), objective)
    passes.batch.masks[:, :, :, 40:] = 0.0
    before = passes.scores(passes.drawn)
    outside = passes.drawn.clone()
    outside[..., 40:] = 1.0
    assert torch.equal(passes.scores(outside), before)
    outside[..., :40] = 1.0
    assert not torch.equal(passes.scores(outside), before)


@pytest.mark.parametrize("loss", ["latent_adversarial", "image_adversarial"])
def test_critics_learn_to_tell_apart(loss: str, crops: CropSet) -> None:
    recipe = tiny_recipe("autoencoder", 1, weights=only(loss), critics=CriticOptions(penalty=0.1), bf16=False)
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crops, tiny_model(), objective)
    if loss == "latent_adversarial":
        passes.z = 2.0 + 0.1 * torch.randn(64, EMBEDDING_SIZE)
    optimiser = torch.optim.Adam(objective.critics.parameters(), 2e-3)
    values = []
    for step in range(60):
        losses = objective.critics.losses(passes, step)
        optimiser.zero_grad()
        objective.critics.total(losses).backward()
        optimiser.step()
        values.append(float(next(iter(losses.values())).detach()))
    assert values[-1] < 0.2 < 1.0 < values[0]
    if loss == "latent_adversarial":
        assert passes.latent_scores().max() < objective.critics["latent"](torch.randn(64, EMBEDDING_SIZE)).min()
    else:
        assert passes.scores(passes.drawn).max() < passes.scores(passes.batch.images).min()
