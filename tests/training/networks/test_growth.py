"""Larger networks begin as exactly what the smaller ones compute."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from training.networks.growth import grown

SHALLOW = NetworkConfig(64, (8, 8, 16, 16), (1, 1, 2, 1), (1, 1, 1, 2), hidden=16)


@pytest.fixture
def learnt() -> FaceModel:
    """A model whose every weight is away from where it started."""
    torch.manual_seed(1)
    model = FaceModel(SHALLOW)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_a_deeper_model_computes_the_same(learnt: FaceModel) -> None:
    deep = FaceModel(replace(SHALLOW, encoder_depths=(2, 1, 2, 3), decoder_depths=(2, 1, 3, 2)))
    deep.load_state_dict(grown(learnt.state_dict(), SHALLOW, deep))
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        assert torch.equal(deep(images), learnt(images))
        assert torch.equal(deep.embed(images), learnt.embed(images))
    assert sum(p.numel() for p in deep.parameters()) > sum(p.numel() for p in learnt.parameters())


def test_a_finer_modulated_model_draws_the_same_enlarged_and_can_learn(learnt: FaceModel) -> None:
    fine = FaceModel(replace(SHALLOW, finer_channels=(16, 8), modulated=True))
    fine.load_state_dict(grown(learnt.state_dict(), SHALLOW, fine))
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        assert torch.equal(fine.embed(images), learnt.embed(images))
        small, large = learnt(images), fine(images)
    assert large.shape == (2, 3, 256, 256)
    for factor in (2, 2):
        small = F.interpolate(small.atanh(), scale_factor=factor, mode="bilinear", align_corners=False).tanh()
    torch.testing.assert_close(large, small, atol=1e-4, rtol=0)
    fine(images).square().mean().backward()
    for level in fine.decoder.finer:
        assert level.paint.weight.grad.abs().max() > 0
    for modulation in fine.decoder.modulations[:-2]:  # those of finer levels wait for their paint
        assert modulation.linear.weight.grad.abs().max() > 0


def test_wider_hidden_layers_compute_the_same_and_learn(learnt: FaceModel) -> None:
    wide = FaceModel(replace(SHALLOW, hidden=40))
    wide.load_state_dict(grown(learnt.state_dict(), SHALLOW, wide))
    z = torch.randn(5, 99)
    torch.testing.assert_close(wide.splitter(z), learnt.splitter(z))
    torch.testing.assert_close(wide.merger(z), learnt.merger(z))
    wide.merger(z).square().sum().backward()
    last = wide.merger.mlp[-1].weight.grad
    assert last is not None
    assert (last[:, 16:].abs().sum(dim=0) > 0).all()


def test_the_same_sizes_keep_every_weight(learnt: FaceModel) -> None:
    again = grown(learnt.state_dict(), SHALLOW, FaceModel(SHALLOW))
    assert all(torch.equal(value, again[name]) for name, value in learnt.state_dict().items())


@pytest.mark.parametrize(
    "other",
    [
        replace(SHALLOW, encoder_depths=(1, 1, 1, 1)),
        replace(SHALLOW, channels=(8, 8, 16, 24)),
        replace(SHALLOW, hidden=8),
    ],
    ids=["shallower", "wider maps", "narrower layers"],
)
def test_networks_that_differ_otherwise_are_refused(learnt: FaceModel, other: NetworkConfig) -> None:
    with pytest.raises(ValueError, match="cannot grow"):
        grown(learnt.state_dict(), SHALLOW, FaceModel(other))
