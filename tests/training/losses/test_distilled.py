from pathlib import Path

import pytest
import torch

from model.attributes import SPACES, Attribute
from model.checkpoint import load_checkpoint
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import batches_for, larger_model, only, passes_for, tiny_recipe
from training.loop import Report, Trainer
from training.losses.distilled import DistilledDrawing, DistilledReading
from training.losses.objective import Objective
from training.losses.terms import TERMS
from training.recipe import Optimiser, load_recipe

NOISE = torch.Generator().manual_seed(3)
FACES = torch.rand(6, 3, 64, 64, generator=NOISE) * 2 - 1


def test_the_larger_model_itself_is_perfect() -> None:
    path = Path(larger_model(64))
    model = load_checkpoint(path).model
    f = model.embed(FACES)
    reading = DistilledReading(path, 64)
    assert reading(f, reading.embed(FACES)).item() == pytest.approx(0.0, abs=1e-5)
    assert reading(f.roll(1, dims=0), reading.embed(FACES)).item() == pytest.approx(1.0, abs=0.5)
    drawing = DistilledDrawing(path, 64)
    assert drawing(model.render(f), f).item() == pytest.approx(0.0, abs=1e-5)
    assert drawing(model.render(f) + 0.25, f) > 0.25
    z = torch.randn(4, f.shape[1], generator=NOISE)
    torch.testing.assert_close(drawing.split(z), model.splitter(z))


@pytest.mark.parametrize("free", Attribute)
def test_parts_that_are_not_compared_are_free(free: Attribute) -> None:
    compared = [attribute for attribute in Attribute if attribute is not free]
    recipe = tiny_recipe("joint", 1, weights=only("distilled_reading"), distilled_parts=tuple(map(str, compared)))
    loss = Objective(recipe, 0).losses["distilled_reading"]
    assert isinstance(loss, DistilledReading)
    wanted = loss.embed(FACES)
    for attribute in Attribute:
        part = SPACES[attribute].slice
        changed = wanted.clone()
        changed[:, part] = wanted[:, part].roll(1, dims=0)
        expected = 0.0 if attribute is free else 1 / len(compared)
        assert loss(changed, wanted).item() == pytest.approx(expected, abs=0.4 * expected + 1e-5)


def test_another_drawing_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"larger\.safetensors draws 64 pixels, the recipe 128$"):
        DistilledReading(Path(larger_model(64)), 128)


def test_no_state_holds_the_larger_model() -> None:
    objective = Objective(tiny_recipe("joint", 1, weights=only("distilled_reading")), 0)
    assert not objective.state_dict()
    assert not [*objective.parameters()]


def test_it_draws_random_faces_and_swaps() -> None:
    recipe = tiny_recipe("drawing", 1, weights=only("distilled_drawing"), bf16=False)
    model, objective = tiny_model(), Objective(tiny_recipe("drawing", 1, weights=only("distilled_drawing")), 0)
    passes = passes_for(recipe, crop_set(12), model, objective)
    loss = objective.losses["distilled_drawing"]
    assert isinstance(loss, DistilledDrawing)
    asked = torch.cat([loss.split(passes.random_z), passes.swapped])
    assert len(asked) == recipe.batch_size + len(passes.swapped) > recipe.batch_size
    found = TERMS["distilled_drawing"].of(loss, passes)
    torch.testing.assert_close(found, loss(model.render(asked), asked))


@pytest.mark.parametrize(("stage", "name"), [("joint", "distilled_reading"), ("drawing", "distilled_drawing")])
def test_the_smaller_model_learns(stage: str, name: str) -> None:
    crops = crop_set(12)
    how = Optimiser(learning_rate=3e-3, warmup_steps=5, decay_steps=30)
    recipe = tiny_recipe(stage, 60, weights=only(name), bf16=False, optimiser=how)  # type: ignore[arg-type]
    reports: list[Report] = []
    Trainer(recipe, tiny_model(), batches_for(recipe, crops), 0).run(reports.append)
    losses = [report.losses[name] for report in reports]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_the_recipe_begins_with_the_bundled_sizes() -> None:
    recipe = load_recipe("facet-128-distilled")
    assert recipe.network == load_recipe("facet-128").network
    assert recipe.weights.distilled_reading
    assert recipe.weights.distilled_drawing
    assert recipe.distilled_parts == tuple(Attribute)
