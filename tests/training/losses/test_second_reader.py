from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import SPACES, Attribute
from model.checkpoint import load_checkpoint
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import larger_model, only, passes_for, tiny_recipe
from training.losses.objective import Objective
from training.losses.second_reader import SecondReaderLoss
from training.losses.terms import TERMS

FACES = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1


@pytest.fixture(scope="module")
def loss() -> SecondReaderLoss:
    return SecondReaderLoss(Path(larger_model(64)))


def test_it_reads_what_its_file_reads(loss: SecondReaderLoss) -> None:
    torch.testing.assert_close(loss.embed(FACES), load_checkpoint(Path(larger_model(64))).model.embed(FACES))


def test_style_is_left_to_the_model_itself(loss: SecondReaderLoss) -> None:
    wanted = loss.embed(FACES)
    for attribute in Attribute:
        other = wanted.clone()
        other[:, SPACES[attribute].slice] = wanted.roll(1, dims=0)[:, SPACES[attribute].slice]
        # One attribute of three is another face's, which costs 1; nothing else costs.
        expected = 0.0 if attribute is Attribute.STYLE else 1 / 3
        assert loss(other, wanted).item() == pytest.approx(expected, abs=1e-3)


def test_the_pictures_get_its_gradients_and_nothing_learns(loss: SecondReaderLoss) -> None:
    faces = FACES.clone().requires_grad_()
    wanted = loss.embed(FACES.roll(1, dims=0))
    value = loss(loss.embed(faces), wanted)
    value.backward()
    assert faces.grad is not None
    with torch.no_grad():
        assert loss(loss.embed(faces - 1e-2 * F.normalize(faces.grad, dim=(1, 2, 3))), wanted) < value
    objective = Objective(tiny_recipe("drawing", 1, weights=only("second_reader")), 0)
    assert not objective.state_dict()
    assert not [*objective.parameters()]


def test_a_face_is_to_show_the_photograph_that_each_part_is_of(
    loss: SecondReaderLoss, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe("drawing", 1, weights=only("second_reader"), bf16=False, batch_size=20, cycle_share=0.8)
    objective = Objective(recipe, 0)
    passes = passes_for(recipe, crop_set(40), tiny_model(), objective)
    monkeypatch.setattr(passes, "disturbed", lambda drawn: drawn)
    rows = len(passes.swapped)
    assert rows == 16
    photographs: Tensor = loss.embed(passes.batch.images)
    wanted, kinds = photographs[:rows].clone(), set()
    for row in range(rows):
        for attribute, space in SPACES.items():
            if (passes.swapped[row, space.slice] != passes.f[row, space.slice]).any():
                wanted[row, space.slice] = photographs[row + 1, space.slice]
                kinds.add(attribute)
    assert kinds == set(Attribute)
    drawn = loss.embed(torch.cat([passes.drawn[:rows], passes.swapped_drawn]))
    found = TERMS["second_reader"].of(objective.losses["second_reader"], passes)
    torch.testing.assert_close(found, loss(drawn, torch.cat([photographs[:rows], wanted])))


def test_it_looks_at_disturbed_pictures() -> None:
    recipe = tiny_recipe("drawing", 1, weights=only("second_reader"), bf16=False)
    passes = passes_for(recipe, crop_set(12), tiny_model(), Objective(recipe, 0))
    seen = passes.disturbed(FACES)
    assert seen.shape == FACES.shape
    assert 0.01 < (seen - FACES).abs().mean() < 0.7
