"""Packed convolutions compute what plain ones do."""

import copy

import pytest
import torch
from torch import nn

from model.packed import pack


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
    images = torch.randn(count, 3, 32, 32)
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(packed(images), plain(images))
