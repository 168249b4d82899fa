import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faces import draw_face
from training.networks import classifier_features
from training.networks.classifier_features import LEVELS, LiteFeatures


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
