"""Expression and style tell less of pose and identity, expression less of colours, and nothing else changes."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.networks.latents import round_trip, seen
from training.networks.purity import COLOURS, GRID, POSE_LEAKAGE, colour_directions, purify
from training.networks.relearning import VIEWS, views

HELD = [Attribute.POSE, Attribute.IDENTITY]
COLOURED = slice(50, 50 + COLOURS)
"""Of the numbers of z, those from which `Painter` draws."""


class Painter(nn.Module):
    """Draws cells whose colours are the first half of the numbers `COLOURED`, and whose contrasts are the others."""

    def forward(self, z: Tensor) -> Tensor:
        # Each of another size: equal ones have no first direction, and rounding would choose it.
        numbers = torch.linspace(0.5, 0.1, COLOURS) * z[:, COLOURED]
        colour, contrast = numbers.repeat_interleave(3 * GRID**2 // (COLOURS // 2), dim=1).chunk(2, dim=1)
        colour, contrast = (x.reshape(-1, 3, GRID, GRID, 1) for x in (colour, contrast))
        return (colour + (3.0 + contrast) * torch.tensor([1.0, -1.0])).flatten(3)


def told(embeddings: Tensor, attribute: Attribute, asked: Tensor) -> float:
    """R² of something `(n,)` or `(n, d)` from a part by least squares."""
    part = embeddings[:, SPACES[attribute].slice].double()
    x, y = torch.cat([part, torch.ones(len(part), 1)], dim=1), asked.reshape(len(asked), -1).double()
    left = y - x @ torch.linalg.lstsq(x, y).solution
    return float(1 - left.pow(2).mean() / (y - y.mean(dim=0)).pow(2).mean())


@torch.no_grad()
def test_pose_and_identity_go_and_all_else_stays() -> None:
    given = seen()
    with torch.enable_grad():
        before = round_trip()
        after = deepcopy(before)
        purify(after, given, steps=150)
    z, yaw = given.z[:, 0], given.pose[:, 0, 1]
    old, new = before.splitter(z), after.splitter(z)
    for attribute in POSE_LEAKAGE:
        assert told(old, attribute, yaw) > 0.15
        assert told(new, attribute, yaw) < 0.4 * told(old, attribute, yaw)
        who = old[:, SPACES[Attribute.IDENTITY].slice]
        assert told(new, attribute, who) < 0.9 * told(old, attribute, who)
    for part in (SPACES[attribute].slice for attribute in HELD):
        assert F.mse_loss(new[:, part], old[:, part]) < 0.05 * old[:, part].var()
    asked = before.merger(old)
    assert F.mse_loss(after.merger(new), asked) < 0.2 * asked.var()


@torch.no_grad()
def test_pose_goes_from_usual_turns_where_there_are_profiles() -> None:
    given, before = seen(), tiny_model()
    pose = given.pose.clone()
    pose[..., 1] /= 3.0
    profiles = torch.arange(len(pose)) % 4 == 0
    # What tells of a profile says nothing of usual turns, and is nearly all of the variance.
    pose[profiles, :, 1] = 1.5 * given.z[profiles, :, 20].sign()
    after = deepcopy(before)
    with torch.enable_grad():
        purify(after, replace(given, pose=pose), steps=150)
    z, yaw = given.z[~profiles, 0], pose[~profiles, 0, 1]
    for attribute in POSE_LEAKAGE:
        assert told(after.splitter(z), attribute, yaw) < 0.2 * told(before.splitter(z), attribute, yaw)


@torch.no_grad()
def test_colours_go_from_expression_and_come_with_style() -> None:
    given = seen()
    with torch.enable_grad():
        before = round_trip()
        after = deepcopy(before)
        purify(after, given, steps=150)
    z = given.z[:, 0]
    directions = colour_directions(before.decoder, z)

    def known(model: FaceModel) -> float:
        """R² of colours from expression."""
        return told(model.splitter(z), Attribute.EXPRESSION, z @ directions)

    def brought(model: FaceModel, attribute: Attribute) -> float:
        """How far colours move where a part comes from another face, in squares."""
        own, part = model.splitter(z), SPACES[attribute].slice
        exchanged = own.clone()
        exchanged[:, part] = own[:, part].roll(1, dims=0)
        return float(((model.merger(exchanged) - model.merger(own)) @ directions).pow(2).mean())

    assert known(after) < 0.4 * known(before)
    assert brought(after, Attribute.EXPRESSION) < 0.7 * brought(before, Attribute.EXPRESSION)
    assert brought(after, Attribute.STYLE) > brought(before, Attribute.STYLE)
    assert 0.7 < brought(after, Attribute.IDENTITY) / brought(before, Attribute.IDENTITY) < 1.3


def test_directions_of_colours_are_those_that_tell_of_them() -> None:
    found = colour_directions(Painter(), seen().z[:, 0])
    torch.testing.assert_close(found.T @ found, torch.eye(COLOURS), atol=1e-5, rtol=0)
    expected = torch.zeros(EMBEDDING_SIZE)
    expected[COLOURED] = 1.0
    torch.testing.assert_close((found @ found.T).diagonal(), expected, atol=1e-4, rtol=0)


def test_expression_learns_its_labels_meanwhile() -> None:
    given, model = seen(), tiny_model()
    wanted = F.normalize(given.z[..., 10:42], dim=-1)

    def off() -> float:
        with torch.no_grad():
            expression = model.splitter(given.z[:, 0])[:, SPACES[Attribute.EXPRESSION].slice]
            return float((1.0 - (expression * wanted[:, 0]).sum(dim=1)).mean())

    before = off()
    purify(model, replace(given, expression_target=wanted), steps=150)
    assert off() < 0.95 * before


def test_crops_without_a_pose_count_for_nothing_and_too_few_with_one_are_refused() -> None:
    given, models = seen(200), [tiny_model(), tiny_model()]
    pose = given.pose.clone()
    pose[150:] = float("nan")
    purify(models[0], replace(given, pose=pose), steps=3)
    purify(models[1], given.of(torch.arange(150)), steps=3)
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict(), rtol=0, atol=1e-5)  # a step is 2e-5
    pose[99:] = float("nan")
    with pytest.raises(ValueError, match="poses of 99 crops are too few to be taken out; 100 are needed"):
        purify(models[0], replace(given, pose=pose))


def test_the_first_view_of_a_crop_is_the_crop_and_labels_turn_with_the_others() -> None:
    model, crops = tiny_model(), crop_set(40)
    found = views(model, crops)
    assert found.z.shape == (40, VIEWS, EMBEDDING_SIZE)
    assert not torch.allclose(found.z[:, 0], found.z[:, 1], atol=1e-3)
    torch.testing.assert_close(found.z, views(model, crops).z)
    torch.testing.assert_close(found.pose[:, 0], crops.pose)
    torch.testing.assert_close(found.expression_target[:, 0], crops.expression_target[:, 0])
    mirrored = found.pose[:, 1, 1] == -crops.pose[:, 1]
    assert 5 < mirrored.sum() < 35
    side = torch.where(mirrored, 1, 0)
    torch.testing.assert_close(found.expression_target[:, 1], crops.expression_target[torch.arange(40), side])
