from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import SPACES, Attribute
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import only, passes_for, tiny_recipe
from tests.training.small_recognition import manifest
from training.forward_passes import Passes
from training.losses.objective import Objective
from training.losses.pictures.likeness import DROP, SIDE, LikenessLoss
from training.losses.terms import TERMS


@pytest.fixture(scope="module")
def loss() -> LikenessLoss:
    return LikenessLoss(Path(manifest()))


def test_descriptors_are_of_the_part_that_is_a_chip(loss: LikenessLoss) -> None:
    face = torch.rand(1, 3, 100, 100, generator=torch.Generator().manual_seed(1)) * 2 - 1
    # Whatever happens outside it changes nothing: the chip is 80 pixels wide, its centre 6.5 below the frame's.
    other = face.clone()
    half = 100 * SIDE / 2
    edges = [round(50 - half) - 1, round(50 + half) + 1, round(50 + 100 * DROP - half) - 1]
    other[..., : edges[0]] = other[..., edges[1] :] = other[:, :, : edges[2]] = 0.0
    torch.testing.assert_close(loss.describe(other), loss.describe(face))
    other[:, :, 50:60, 50:60] = 0.0
    assert (loss.describe(other) - loss.describe(face)).abs().max() > 1e-4


def test_the_distance_is_squared_and_descends(loss: LikenessLoss) -> None:
    faces = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    own = loss.describe(faces)
    assert loss(faces, own) == 0.0
    assert loss(faces, own + 0.5).item() == pytest.approx(0.25 * own.shape[1])
    faces.requires_grad_()
    value = loss(faces, own.roll(1, dims=0).detach())
    value.backward()
    assert faces.grad is not None
    with torch.no_grad():
        assert loss(faces - 1e-2 * F.normalize(faces.grad, dim=(1, 2, 3)), own.roll(1, dims=0)) < value


def test_a_face_is_to_look_like_whose_identity_it_has(loss: LikenessLoss) -> None:
    recipe = tiny_recipe("drawing", 1, weights=only("likeness"), bf16=False, batch_size=20, cycle_share=0.8)
    objective = Objective(recipe, 0)
    passes: Passes = passes_for(recipe, crop_set(40), tiny_model(), objective)
    rows = len(passes.swapped)
    assert rows == 16
    identity = SPACES[Attribute.IDENTITY].slice
    taken = (passes.swapped[:, identity] != passes.f[:rows, identity]).any(dim=1)
    assert 0 < taken.sum() < rows
    photographs: Tensor = loss.describe(passes.batch.images)
    drawn, swapped = loss.describe(passes.drawn[:rows]), loss.describe(passes.swapped_drawn)
    expected = [(drawn[row] - photographs[row]).square().sum() for row in range(rows)]
    expected += [(swapped[row] - photographs[row + int(taken[row])]).square().sum() for row in range(rows)]
    found = TERMS["likeness"].of(objective.losses["likeness"], passes)
    torch.testing.assert_close(found, torch.stack(expected).mean())
