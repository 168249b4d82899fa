import pytest
import torch
from torch import Tensor

from tests.faces import draw_face
from training.losses.pictures.perceptual import PerceptualLoss


def tensor(person: int) -> Tensor:
    return torch.from_numpy(draw_face(64, person) / 127.5 - 1.0).float().permute(2, 0, 1)[None]


def whole(image: Tensor) -> Tensor:
    return torch.ones_like(image[:, :1])


@pytest.fixture(scope="module")
def loss() -> PerceptualLoss:
    return PerceptualLoss()


def test_the_same_picture_costs_nothing_and_another_something(loss: PerceptualLoss) -> None:
    a, b = tensor(1), tensor(2)
    assert loss(a, a, whole(a)).item() == 0.0
    assert loss(a, b, whole(a)).item() > 0.05
    assert loss(a, b, whole(a)).item() == pytest.approx(loss(b, a, whole(a)).item(), rel=1e-5)


def test_what_weighs_nothing_counts_nothing(loss: PerceptualLoss) -> None:
    a, b = tensor(1), tensor(2)
    assert loss(a, b, torch.zeros_like(a[:, :1])).item() == 0.0
    left = torch.zeros_like(a[:, :1])
    left[..., :32] = 2.0
    maps = zip(loss._unit(a), loss._unit(b), strict=True)
    halves = [(x - y).square().sum(dim=1)[..., : x.shape[-1] // 2].mean() for x, y in maps]
    assert loss(a, b, left).item() == pytest.approx(torch.stack(halves).mean().item(), rel=1e-5)


def test_a_step_down_draws_nearer_and_the_features_do_not_learn(loss: PerceptualLoss) -> None:
    image = tensor(1)
    drawn = (image + 0.3 * torch.randn(image.shape)).requires_grad_()
    before = loss(drawn, image, whole(image))
    before.backward()
    assert drawn.grad is not None
    moved = drawn.detach() - 0.05 * drawn.grad / drawn.grad.abs().max()
    assert loss(moved, image, whole(image)) < before
    assert not any(parameter.requires_grad for parameter in loss.parameters())
