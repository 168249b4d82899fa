"""Packed layers compute what plain ones do."""

import copy
from typing import TypeVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.engine.layers import PackedPaint, PackedResidual, WideGroupNorm, pack
from model.networks.blocks import Residual, norm
from model.networks.config import NetworkConfig
from model.networks.decoder import Decoder

M = TypeVar("M", bound=nn.Module)


def images(*shape: int, channels_last: bool = True) -> Tensor:
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return torch.randn(shape).contiguous(memory_format=layout)


def stirred(module: M) -> M:
    """A module without the zeros and ones with which some layers start."""
    torch.manual_seed(1)
    with torch.no_grad():
        for values in module.parameters():
            values.add_(torch.randn_like(values), alpha=0.1)
    return module.eval().requires_grad_(False)


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_results_are_those_of_plain_convolutions(count: int, channels_last: bool) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.SiLU(), nn.Sequential(nn.Conv2d(16, 8, 3, padding=1, bias=False))
    )
    packed = copy.deepcopy(plain)
    pack(packed)
    assert not [module for module in packed.modules() if isinstance(module, nn.Conv2d)]
    assert len([buffer for buffer in packed.buffers() if buffer.is_mkldnn]) == 2
    x = images(count, 3, 32, 32, channels_last=channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(packed(x), plain(x))


def test_a_residual_block_adds_what_it_was_given() -> None:
    plain, x = stirred(Residual(16)), images(3, 16, 8, 8)
    given = x.clone()
    with torch.inference_mode():
        torch.testing.assert_close(PackedResidual(copy.deepcopy(plain))(x), plain(x))
    assert torch.equal(x, given)


@pytest.mark.parametrize("side", [4, 16, 32])
@pytest.mark.parametrize("channels", [32, 64, 128])
def test_normalising_in_bfloat16_errs_by_its_rounding_alone(side: int, channels: int) -> None:
    plain, x = stirred(norm(channels)), images(2, channels, side, side).bfloat16()
    exact = plain(x.float())
    found = WideGroupNorm(plain.bfloat16())(x)
    assert found.dtype == torch.bfloat16
    assert found.is_contiguous(memory_format=torch.channels_last)
    # A bfloat16 has eight bits; of weight, bias and result each is rounded once.
    torch.testing.assert_close(found.float(), exact, rtol=3 * 2**-8, atol=3 * 2**-8)


@pytest.mark.parametrize("size", [(1, 1), (4, 6)])
def test_painting_reads_each_subpixels_own_neighbours(size: tuple[int, int]) -> None:
    plain, x = stirred(nn.Conv2d(4, 3, 3, padding=1)), images(2, 16, *size)
    with torch.inference_mode():
        torch.testing.assert_close(PackedPaint(plain)(x), plain(F.pixel_shuffle(x, 2)))


@pytest.mark.parametrize("finer", [(), (16,), (16, 24)])
def test_a_whole_decoder_draws_the_same(finer: tuple[int, ...]) -> None:
    config = NetworkConfig(channels=(16, 16, 16, 32), finer_channels=finer, modulated=bool(finer))
    plain = stirred(Decoder(config))
    packed = nn.Sequential(copy.deepcopy(plain))
    pack(packed)
    assert not [module for module in packed.modules() if isinstance(module, nn.Conv2d | Residual)]
    z = torch.randn(3, 99)
    with torch.inference_mode():
        torch.testing.assert_close(packed(z), plain(z), rtol=1e-4, atol=1e-4)
