"""What an outside network sees in drawn faces is what their expression says."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.engine.backend import Pixels
from model.face_model import FaceModel
from tests.training.networks.latents import round_trip, seen
from training.networks import expressing
from training.networks.drawing_back import Photographs
from training.networks.expressing import ANGLES, EXPRESSION, SHAPES, Effort, Likeness, express, read_drawn
from training.networks.relearning import Views, givers_of

BRIEF = Effort(3, 300, 10, 5)
MOVES = slice(30, 34)
"""Of the numbers of z, those that move the face."""


def moves(z: Tensor) -> Tensor:
    """The blendshapes `(..., 52)` of latents."""
    return torch.sigmoid(z[..., MOVES].repeat_interleave(SHAPES // 4, dim=-1))


LOOKS = slice(40, 44)
"""Those that the person looks like."""


HEIGHT, WIDTH = 16, 64


class Canvas(nn.Module):
    """Draws numbers as grey columns: blendshapes, then the angles, and then looks; the last ones are black."""

    def forward(self, z: Tensor) -> Tensor:
        shown = torch.cat([moves(z), 0.5 + z[:, :ANGLES] / 10.0, 0.5 + z[:, LOOKS] / 10.0], dim=1)
        columns = F.pad(2.0 * shown - 1.0, (0, WIDTH - shown.shape[1]), value=-1.0)
        return columns[:, None, None].expand(-1, 3, HEIGHT, -1)


def look(pictures: Pixels) -> Tensor:
    """Reads what `Canvas` draws."""
    shown = torch.from_numpy(pictures[:, 0, :, 0].astype(np.float32)) / 255.0
    return torch.cat([shown[:, :SHAPES], 10.0 * (shown[:, SHAPES : SHAPES + ANGLES] - 0.5)], dim=1)


def describe(pictures: Pixels) -> Tensor:
    """Reads the looks that `Canvas` draws, in numbers that scatter as much as descriptors do."""
    looks = pictures[:, 0, SHAPES + ANGLES : SHAPES + ANGLES + LOOKS.stop - LOOKS.start, 0]
    return 2.5 * (torch.from_numpy(looks.astype(np.float32)) / 255.0 - 0.5)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer and larger steps than networks of full size need."""
    monkeypatch.setattr(expressing, "PACE", replace(expressing.PACE, batch=256, rate=5e-3, warmup=10))


def painting() -> FaceModel:
    model = round_trip()
    model.decoder = Canvas()
    return model


def photographed() -> Views:
    """Latents whose photographs look as `Canvas` draws them."""
    given = seen(1500)
    return replace(given, pose=given.z[..., :ANGLES], blendshapes=moves(given.z))


@torch.no_grad()
def exchanged(model: FaceModel, given: Views) -> tuple[float, Tensor, Tensor]:
    """How often a face with the next one's expression is nearer to the next, its angles, and its parts read again."""
    f = model.splitter(given.z[:, 0])
    f[:, EXPRESSION] = f[:, EXPRESSION].roll(-1, dims=0)
    z = model.merger(f)
    shapes, angles = look_at(model, z).split([SHAPES, ANGLES], dim=1)
    own = given.blendshapes[:, 0]
    nearer = (shapes - own.roll(-1, dims=0)).norm(dim=1) < (shapes - own).norm(dim=1)
    return float(nearer.float().mean()), angles, model.splitter(z)


@torch.no_grad()
def apart(one: FaceModel, other: FaceModel) -> float:
    """How far the latents are that two models make of the same embeddings; of weights, rounding turns whole steps."""
    embeddings = one.splitter(seen(500).z[:, 0])
    return float((one.merger(embeddings) - other.merger(embeddings)).norm())


def describe_at(model: FaceModel, z: Tensor) -> Tensor:
    return read_drawn(model.decoder, z, describe)[0]


def look_at(model: FaceModel, z: Tensor) -> Tensor:
    return read_drawn(model.decoder, z, look)[0]


@pytest.mark.usefixtures("quick")
def test_an_exchanged_expression_is_seen_and_the_rest_stays() -> None:
    given, before = photographed(), painting()
    after = deepcopy(before)
    express(after, given, look, effort=Effort(150, 2000, 200, 300))
    (seldom, *_), (often, angles, again) = exchanged(before, given), exchanged(after, given)
    assert seldom < 0.5
    assert often > 0.9
    assert F.mse_loss(angles, given.pose[:, 0]) < 0.15 * given.pose.var()
    with torch.no_grad():
        old, new = (model.splitter(given.z[:, 0]) for model in (before, after))
    pose, identity = (SPACES[attribute].slice for attribute in (Attribute.POSE, Attribute.IDENTITY))
    assert F.mse_loss(new[:, identity], old[:, identity]) < 0.25 * old[:, identity].var()
    before_labels, after_labels = (F.mse_loss(f[:, pose], given.pose[:, 0]) for f in (old, new))
    assert after_labels < 0.5 * before_labels
    assert F.cosine_similarity(again[:, identity], new[:, identity]).mean() > 0.95


@pytest.mark.usefixtures("quick")
def test_drawn_people_look_as_photographed() -> None:
    given, begun = photographed(), painting()
    wanted = 1.4 * given.z[:, 0, LOOKS] / 4.0

    def apart_from_photographs(model: FaceModel) -> float:
        with torch.no_grad():
            return float(F.mse_loss(describe_at(model, model.merger(model.splitter(given.z[:, 0]))), wanted))

    models = {}
    for people in (None, Likeness(describe, wanted)):
        models[people is not None] = model = deepcopy(begun)
        express(model, given, look, people, effort=Effort(150, 2000, 200, 100))
    assert apart_from_photographs(models[True]) < 0.4 * apart_from_photographs(models[False])
    assert exchanged(models[True], given)[0] > 0.9


@pytest.mark.usefixtures("quick")
def test_photographs_are_drawn_back() -> None:
    given, begun = photographed(), painting()
    unknown = given.blendshapes.clone()
    unknown[::3] = float("nan")
    given, asked = replace(given, blendshapes=unknown), []
    with torch.no_grad():
        pictures = begun.decoder(given.z[:, 0])

    def photographs(rows: Tensor) -> Photographs:
        asked.append(rows)
        return Photographs(pictures[rows], torch.ones(len(rows), 1, HEIGHT, WIDTH))

    def off(model: FaceModel) -> float:
        with torch.no_grad():
            return float(F.l1_loss(model.decoder(model.merger(model.splitter(given.z[:, 0]))), pictures))

    models = []
    for each in (None, photographs):
        models.append(deepcopy(begun))
        express(models[-1], given, look, photographs=each, effort=Effort(150, 2000, 200, 100))
    assert off(models[1]) < 0.8 * off(models[0])
    assert (torch.cat(asked) % 3 > 0).all()


def test_the_same_seed_makes_the_same_model() -> None:
    given, first = photographed(), painting()
    models = [deepcopy(first), deepcopy(first)]
    for model in models:
        express(model, given, look, effort=BRIEF)
    assert apart(*models) < 0.2 * apart(models[0], first)


def test_crops_of_unknown_expression_count_for_nothing() -> None:
    given, first = photographed().of(torch.arange(200)), painting()
    models = [deepcopy(first), deepcopy(first)]
    shapes = given.blendshapes.clone()
    shapes[150:] = float("nan")
    express(models[0], replace(given, blendshapes=shapes), look, effort=BRIEF)
    express(models[1], given.of(torch.arange(150)), look, effort=BRIEF)
    assert apart(*models) < 0.2 * apart(models[0], first)
    with pytest.raises(ValueError, match="99 crops are too few"):
        express(models[0], given.of(torch.arange(99)), look)


def test_drawings_without_a_face_count_for_nothing_and_too_few_with_one_are_refused() -> None:
    given, model = photographed(), painting()
    before = deepcopy(model.state_dict())

    def seldom(pictures: Pixels) -> Tensor:
        readings = look(pictures)
        readings[torch.arange(len(readings)) % 32 > 0] = float("nan")
        return readings

    with pytest.raises(ValueError, match="of 640 drawn faces 20 were found; 100 are needed"):
        express(model, given, seldom, effort=BRIEF._replace(drawn=640))
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    express(model, given, seldom, effort=BRIEF._replace(drawn=3300))
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_half_of_exchanged_embeddings_keep_all_and_half_have_one_part_of_the_next() -> None:
    givers = givers_of(400, seed=3, chances=(0.1, 0.1, 0.7, 0.1))
    own = torch.arange(400)[:, None]
    assert (givers[:200] == own[:200]).all()
    parts = torch.stack([givers[200:, space.slice].float().mean(dim=1) for space in SPACES.values()], dim=1)
    taken = parts != own[200:]
    assert (taken.sum(dim=1) == 1).all()
    rows, numbers = taken.nonzero().unbind(dim=1)
    torch.testing.assert_close(parts[rows, numbers], (200.0 + (rows + 1) % 200))
    shares = torch.bincount(numbers, minlength=4) / 200
    torch.testing.assert_close(shares, torch.tensor([0.1, 0.1, 0.7, 0.1]), rtol=0, atol=0.1)
    assert givers.shape == (400, EMBEDDING_SIZE)
    torch.testing.assert_close(givers, givers_of(400, seed=3, chances=(0.1, 0.1, 0.7, 0.1)))


def test_parts_are_exchanged_among_the_rows_that_are_named() -> None:
    givers = givers_of(400, seed=3, chances=(0.1, 0.1, 0.7, 0.1), among=(0.0, 0.5))
    own = torch.arange(400)[:, None]
    assert (givers[200:] == own[200:]).all()
    assert ((givers[:200] != own[:200]).any(dim=1)).all()
    assert givers[:200].max() < 200
