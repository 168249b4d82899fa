"""Identity learns names, and nothing else changes."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.face_model import FaceModel
from tests.tiny import tiny_model
from tests.training.networks.staying import assert_the_rest_stays
from training.networks.names import IDENTITY, OTHERS, learn_names

PEOPLE, EACH = 60, 6


def latents() -> tuple[Tensor, Tensor]:
    """Of people whose own directions are faint in what else there is to see."""
    generator = torch.Generator().manual_seed(1)
    people = torch.arange(PEOPLE).repeat_interleave(EACH)
    own = torch.randn(PEOPLE, EMBEDDING_SIZE, generator=generator)
    own[:, 20:] = 0.0
    rest = torch.randn(len(people), EMBEDDING_SIZE, generator=generator)
    rest[:, :20] *= 0.5
    return (own[people] + rest)[:, None], people


@torch.no_grad()
def told_apart(model: FaceModel, z: Tensor, people: Tensor) -> float:
    """By how many standard deviations pairs of one person are more alike than those of two."""
    identity = model.splitter(z)[:, IDENTITY]
    cosines, rows = identity @ identity.T, torch.triu_indices(len(z), len(z), 1)
    alike, same = cosines[rows[0], rows[1]], people[rows[0]] == people[rows[1]]
    return float((alike[same].mean() - alike[~same].mean()) / alike[~same].std())


def test_people_are_told_apart_and_all_else_stays() -> None:
    (z, people), before = latents(), tiny_model()
    after, unknown = deepcopy(before), torch.full((len(z), 32), float("nan"))
    learn_names(after, z, unknown, people, steps=600)
    assert told_apart(after, z[:, 0], people) > 1.5 * told_apart(before, z[:, 0], people)
    seen = torch.cat([z[:, 0], torch.randn(200, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(2))])
    assert_the_rest_stays(before, after, seen, OTHERS)


def test_the_teacher_is_heard_where_it_says_something() -> None:
    (z, people), model = latents(), tiny_model()
    wanted = F.normalize(torch.randn(PEOPLE, 32, generator=torch.Generator().manual_seed(3)), dim=1)[people]
    known = torch.where(torch.arange(len(z))[:, None] % 2 == 0, wanted, float("nan"))

    def off() -> float:
        with torch.no_grad():
            return float((1.0 - (model.splitter(z[:, 0])[:, IDENTITY] * wanted).sum(dim=1)).mean())

    before = off()
    learn_names(model, z, known, people, steps=400)
    assert off() < 0.9 * before


def test_it_is_the_same_each_time() -> None:
    (z, people), models = latents(), [tiny_model(), tiny_model()]
    for model in models:
        learn_names(model, z, torch.full((len(z), 32), float("nan")), people, steps=5)
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict(), rtol=0, atol=0)


def test_without_a_name_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="nobody with a name"):
        learn_names(tiny_model(), torch.zeros(4, 1, EMBEDDING_SIZE), torch.zeros(4, 32), torch.full((4,), -1))
