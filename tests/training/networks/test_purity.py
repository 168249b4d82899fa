"""Expression and style tell less of pose, expression less of colours, and nothing else changes."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from training.data.augmentation import frame, still
from training.networks.purity import COLOURS, POSE_LEAKAGE, colour_directions, purify
from training.networks.relearning import GRID, VIEWS, Views, views

HELD = [Attribute.POSE, Attribute.IDENTITY]
COLOURED = slice(50, 50 + COLOURS)
"""Of the numbers of z, those in which colours lie."""


def seen(count: int = 3000) -> Views:
    """Latents that tell pose, straight and by squares, and colours, and whose faces do nothing."""
    z = torch.randn(count, 1, EMBEDDING_SIZE, generator=Generator().manual_seed(1))
    pitch, yaw = 0.2 * z[..., 0], 0.3 * z[..., 1:6].sum(dim=-1) + 0.1 * z[..., 7] ** 2
    # Each of another size: equal ones have no first direction, and rounding would choose it.
    colours = (torch.linspace(0.5, 0.1, COLOURS) * z[..., COLOURED]).repeat(1, 1, 3 * GRID**2 // COLOURS)
    return Views(z, torch.stack([pitch, yaw, 0.0 * yaw], dim=-1), torch.full((count, 1, 32), float("nan")), colours)


def round_trip() -> FaceModel:
    """Splitter and merger that know the way to the parts and back."""
    model, generator = tiny_model(), Generator().manual_seed(2)
    learning = [*model.splitter.parameters(), *model.merger.parameters()]
    optimiser = torch.optim.AdamW(learning, 3e-3)
    for _ in range(300):
        z = torch.randn(512, EMBEDDING_SIZE, generator=generator)
        optimiser.zero_grad()
        F.mse_loss(model.merger(model.splitter(z)), z).backward()
        optimiser.step()
    return model


def told(embeddings: Tensor, attribute: Attribute, yaw: Tensor) -> float:
    """R² of yaw from a part by least squares."""
    part = embeddings[:, SPACES[attribute].slice]
    x, y = torch.cat([part, torch.ones(len(part), 1)], dim=1), yaw - yaw.mean()
    return float(1 - (y - x @ torch.linalg.lstsq(x, y[:, None]).solution[:, 0]).var() / y.var())


@torch.no_grad()
def test_pose_goes_and_all_else_stays() -> None:
    given, before = seen(), tiny_model()
    after = deepcopy(before)
    with torch.enable_grad():
        purify(after, given, steps=150)
    z, yaw = given.z[:, 0], given.pose[:, 0, 1]
    old, new = before.splitter(z), after.splitter(z)
    for attribute in POSE_LEAKAGE:
        assert told(old, attribute, yaw) > 0.15
        assert told(new, attribute, yaw) < 0.4 * told(old, attribute, yaw)
    for part in (SPACES[attribute].slice for attribute in HELD):
        assert F.mse_loss(new[:, part], old[:, part]) < 0.05 * old[:, part].var()
    asked = before.merger(old)
    assert F.mse_loss(after.merger(new), asked) < 0.2 * asked.var()


@torch.no_grad()
def test_colours_go_from_expression_and_come_with_style() -> None:
    given = seen()
    with torch.enable_grad():
        before = round_trip()
        after = deepcopy(before)
        purify(after, given, steps=150)
    z, directions = given.z[:, 0], torch.eye(EMBEDDING_SIZE)[:, COLOURED]

    def known(model: FaceModel) -> float:
        """R² of a colour from expression."""
        return told(model.splitter(z), Attribute.EXPRESSION, z[:, COLOURED.start])

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
    given = seen()
    found = colour_directions(given.z[:, 0], given.colours[:, 0])
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
    purify(
        models[1], Views(given.z[:150], given.pose[:150], given.expression_target[:150], given.colours[:150]), steps=3
    )
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


def test_colours_are_the_means_of_the_cells_of_what_the_encoder_reads() -> None:
    model, crops = tiny_model(), crop_set(6)
    size = model.config.read_size
    pixels = frame(next(crops.chunks(6)), still(6), size)[0]
    cells = pixels.reshape(6, 3, GRID, size // GRID, GRID, size // GRID).mean(dim=(3, 5))
    torch.testing.assert_close(views(model, crops).colours[:, 0], cells.flatten(1))
