import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faces import draw_face
from training.networks import classifier_features
from training.networks.classifier_features import LEVELS, LiteFeatures, StridedDepthwise


def tensor(person: int) -> Tensor:
    return torch.from_numpy(draw_face(64, person) / 127.5 - 1.0).float().permute(2, 0, 1)[None]


def test_maps_at_a_half_to_a_sixteenth() -> None:
    maps = LiteFeatures()(tensor(1))
    assert [tuple(level.shape) for level in maps] == [(1, 16, 32, 32), (1, 24, 16, 16), (1, 40, 8, 8), (1, 80, 4, 4)]
    assert tuple(level.shape[1] for level in maps) == LEVELS


def test_the_folded_network_does_what_its_normalisations_did() -> None:
    """The stem by hand: convolution, then batch normalisation with the stored statistics."""
    weights = torch.load(classifier_features._file(), map_location="cpu", weights_only=True)
    image = tensor(1)
    mean, deviation = (
        torch.tensor(x)[:, None, None] for x in (classifier_features.MEAN, classifier_features.DEVIATION)
    )
    plain = F.conv2d(((image + 1) / 2 - mean) / deviation, weights["_conv_stem.weight"], stride=2, padding=1)
    names = ("running_mean", "running_var", "weight", "bias")
    expected = F.batch_norm(plain, *(weights[f"_bn0.{name}"] for name in names), eps=classifier_features.EPSILON)
    network = LiteFeatures()
    got = network.stem(image * network.scale + network.offset)
    inner = (..., slice(1, None), slice(1, None))  # beyond the border the one pads grey and the other the mean colour
    torch.testing.assert_close(got[inner], expected[inner], atol=1e-3, rtol=1e-3)


def test_in_bf16_a_strided_depthwise_convolution_stays_in_float32() -> None:
    torch.manual_seed(0)
    layer = StridedDepthwise(4, 4, 3, stride=2, padding=1, groups=4)
    x = torch.randn(2, 4, 8, 8, dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        got = layer(x)
    assert got.dtype == torch.float32
    precise = x.detach().float().requires_grad_()
    expected = F.conv2d(precise, layer.weight, layer.bias, stride=2, padding=1, groups=4)
    assert torch.equal(got, expected)
    got.sum().backward()
    expected.sum().backward()
    assert x.grad is not None
    assert precise.grad is not None
    torch.testing.assert_close(x.grad.float(), precise.grad, atol=0.0, rtol=2**-8)


def test_three_blocks_of_the_network_are_such() -> None:
    assert sum(isinstance(module, StridedDepthwise) for module in LiteFeatures().modules()) == 3
