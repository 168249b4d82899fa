import pytest
import torch
from torch import Tensor

from tests.faces import draw_face
from tests.tiny import tiny_model
from training.losses.perceptual import PerceptualLoss, features


def tensor(person: int) -> Tensor:
    return torch.from_numpy(draw_face(64, person) / 127.5 - 1.0).float().permute(2, 0, 1)[None]


def test_features_are_unit_columns_at_each_resolution() -> None:
    levels = list(features(tiny_model().encoder, tensor(1)))
    assert [level.shape[-1] for level in levels] == [32, 16, 8, 4]
    for level in levels:
        torch.testing.assert_close(level.norm(dim=1), torch.ones(1, *level.shape[2:]))


def test_it_is_the_mean_squared_difference_over_levels() -> None:
    encoder, a, b = tiny_model().encoder, tensor(1), tensor(2)
    levels = zip(features(encoder, a), features(encoder, b), strict=True)
    expected = torch.stack([(x - y).square().sum(dim=1).mean() for x, y in levels]).mean()
    loss = PerceptualLoss()(encoder, a, b, torch.ones_like(a[:, :1]))
    torch.testing.assert_close(loss, expected)
    assert loss.item() > 0.0
    assert PerceptualLoss()(encoder, a, a, torch.ones_like(a[:, :1])).item() == 0.0


def test_only_what_was_photographed_counts() -> None:
    encoder, a, b = tiny_model().encoder, tensor(1), tensor(2)
    assert PerceptualLoss()(encoder, a, b, torch.zeros_like(a[:, :1])).item() == 0.0
    left = torch.zeros_like(a[:, :1])
    left[..., :32] = 1.0
    levels = zip(features(encoder, a), features(encoder, b), strict=True)
    halves = [(x - y).square().sum(dim=1)[..., : x.shape[-1] // 2].mean() for x, y in levels]
    assert PerceptualLoss()(encoder, a, b, left).item() == pytest.approx(torch.stack(halves).mean().item(), rel=1e-5)


def test_a_step_down_draws_nearer_and_leaves_the_encoder_alone() -> None:
    encoder, image = tiny_model().encoder.requires_grad_(False), tensor(1)
    drawn = (image + 0.3 * torch.randn(image.shape)).requires_grad_()
    whole = torch.ones_like(image[:, :1])
    before = PerceptualLoss()(encoder, drawn, image, whole)
    before.backward()
    assert drawn.grad is not None
    moved = drawn.detach() - 0.05 * drawn.grad / drawn.grad.abs().max()
    assert PerceptualLoss()(encoder, moved, image, whole) < before
    assert all(parameter.grad is None for parameter in encoder.parameters())
