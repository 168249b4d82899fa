import pytest
import torch
from torch import Tensor

from tests.faces import draw_face
from training.losses.pictures.perceptual import LiteFeatures, PerceptualLoss


def tensor(person: int) -> Tensor:
    return torch.from_numpy(draw_face(64, person) / 127.5 - 1.0).float().permute(2, 0, 1)[None]


def whole(image: Tensor) -> Tensor:
    return torch.ones_like(image[:, :1])


@pytest.fixture(scope="module")
def loss() -> PerceptualLoss:
    return PerceptualLoss()


def test_maps_at_a_half_to_a_sixteenth() -> None:
    maps = LiteFeatures()(tensor(1))
    assert [tuple(level.shape) for level in maps] == [(1, 16, 32, 32), (1, 24, 16, 16), (1, 40, 8, 8), (1, 80, 4, 4)]


def test_the_folded_network_does_what_its_normalisations_did() -> None:
    """The stem by hand: convolution, then batch normalisation with the stored statistics."""
    from torch.nn import functional as F

    from training.losses.pictures import perceptual

    weights = torch.load(perceptual._file(), map_location="cpu", weights_only=True)
    image = tensor(1)
    mean, deviation = (torch.tensor(x)[:, None, None] for x in (perceptual.MEAN, perceptual.DEVIATION))
    plain = F.conv2d(((image + 1) / 2 - mean) / deviation, weights["_conv_stem.weight"], stride=2, padding=1)
    names = ("running_mean", "running_var", "weight", "bias")
    expected = F.batch_norm(plain, *(weights[f"_bn0.{name}"] for name in names), eps=perceptual.EPSILON)
    network = LiteFeatures()
    got = network.stem(image * network.scale + network.offset)
    inner = (..., slice(1, None), slice(1, None))  # beyond the border the one pads grey and the other the mean colour
    torch.testing.assert_close(got[inner], expected[inner], atol=1e-3, rtol=1e-3)


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
