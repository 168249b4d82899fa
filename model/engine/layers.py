"""Layers as a CPU runs them fastest: convolutions, normalisations and residual blocks, for inference alone."""

import itertools
import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.blocks import Residual
from model.networks.decoder import Decoder

SMALL_MAP, NARROW_GROUP = 1024, 16
"""Positions of a map, or channels of a group, from which on torch normalises bfloat16 fast in channels-last memory."""


class PackedConv2d(nn.Module):
    """What a convolution computes, perhaps with SiLU behind it, or with another tensor added.

    A plain one has its weights brought into oneDNN's layout in every call: nearly half of the time of a single face.
    torch's own compiler packs them with these two functions, which are not part of its documented interface; a test
    compares the results with those of plain convolutions.
    """

    def __init__(self, plain: nn.Conv2d, then: str = "none") -> None:
        """`then` is `none` or `swish`, which is oneDNN's name for SiLU."""
        super().__init__()
        self.then = then
        assert not isinstance(plain.padding, str)
        self.padding, self.stride = list(plain.padding), list(plain.stride)
        self.dilation, self.groups = list(plain.dilation), plain.groups
        pack = torch._C._nn.mkldnn_reorder_conv2d_weight
        packed = pack(plain.weight.detach().to_mkldnn(), self.padding, self.stride, self.dilation, self.groups)
        self.register_buffer("weight", packed)
        self.register_buffer("bias", None if plain.bias is None else plain.bias.detach())

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        y: Tensor = _scripted_convolution()(
            x, added, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups, self.then
        )
        return y


def _convolution(
    x: Tensor,
    added: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    padding: list[int],
    stride: list[int],
    dilation: list[int],
    groups: int,
    then: str,
) -> Tensor:
    if added is None:
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, weight, bias, padding, stride, dilation, groups, then, [], ""
        )
        return y
    z: Tensor = torch.ops.mkldnn._convolution_pointwise(  # the overload for two inputs
        x, added, weight, bias, padding, stride, dilation, groups, "add", 1.0, None, [], None
    )
    return z


@cache
def _scripted_convolution() -> Callable[..., Tensor]:
    """The convolution as a call that can be recorded; torch cannot record the list of its optional numbers."""
    with warnings.catch_warnings():
        # The successor of TorchScript that torch names needs a C++ compiler where it runs.
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted: Callable[..., Tensor] = torch.jit.script(_convolution)
    return scripted


class WideGroupNorm(nn.Module):
    """What group normalisation computes, in float32 where torch has no fast way in bfloat16.

    Over small maps with few channels a group it takes three times as long in bfloat16, conversions included.
    """

    def __init__(self, plain: nn.GroupNorm) -> None:
        super().__init__()
        self._groups, self._eps = plain.num_groups, plain.eps
        self._is_narrow = plain.num_channels < NARROW_GROUP * plain.num_groups
        self._weight, self._bias = nn.Buffer(plain.weight.detach()), nn.Buffer(plain.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype == torch.float32 or not self._is_narrow or x.shape[2] * x.shape[3] >= SMALL_MAP:
            return F.group_norm(x, self._groups, self._weight, self._bias, self._eps)
        weight, bias = self._weight.float(), self._bias.float()
        return F.group_norm(x.float(), self._groups, weight, bias, self._eps).to(x.dtype)


class PackedResidual(nn.Module):
    """What a residual block computes; the sum is part of its second convolution, before that is rounded."""

    def __init__(self, plain: Residual) -> None:
        super().__init__()
        self.norm1, self.norm2 = WideGroupNorm(plain.norm1), WideGroupNorm(plain.norm2)
        self.conv1, self.conv2 = PackedConv2d(plain.conv1), PackedConv2d(plain.conv2)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.silu(self.norm1(x)))
        y: Tensor = self.conv2(F.silu(self.norm2(inner)), x)
        return y


class PackedPaint(nn.Module):
    """What a 3x3 convolution computes behind a pixel shuffle, on the map as it is before that: `(n, 4c, h, w)`.

    Each subpixel of the result has its own filter, in which the subpixels that it reads are channels. That is more
    arithmetic, but of a kind that processors are fast at, and the larger map is never written.
    """

    def __init__(self, plain: nn.Conv2d) -> None:
        super().__init__()
        assert plain.bias is not None
        half = nn.Conv2d(4 * plain.in_channels, 4 * plain.out_channels, 3, padding=1, dtype=plain.weight.dtype)
        filters = torch.zeros(plain.out_channels, 2, 2, plain.in_channels, 2, 2, 3, 3, dtype=plain.weight.dtype)
        with torch.no_grad():
            for down, right, row, column in itertools.product((0, 1), (0, 1), (0, 1, 2), (0, 1, 2)):
                # Where a tap lies from the subpixel at (down, right): so many pixels away, at one of its subpixels.
                (y, below), (x, beside) = divmod(down + row + 1, 2), divmod(right + column + 1, 2)
                filters[:, down, right, :, below, beside, y, x] = plain.weight[:, :, row, column]
            half.weight.copy_(filters.reshape(half.weight.shape))
            half.bias = nn.Parameter(plain.bias.repeat_interleave(4))
        self.conv = PackedConv2d(half)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


def packs() -> bool:
    """Whether this processor gains by the layers above.

    Without AVX-512 torch's own are six times as fast as packed ones, and bfloat16 cannot be packed.
    """
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available) and torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def pack(network: nn.Module) -> None:
    """Replace a network's layers by those above. It can no longer be trained, moved or saved."""
    if isinstance(network, Decoder):
        conv = network.fine[0]
        assert isinstance(conv, nn.Conv2d)
        packed = PackedConv2d(conv, then="swish")
        if network.finer:  # finer levels want the map with its pixels spread
            network.add_module("fine", nn.Sequential(packed, nn.PixelShuffle(2)))
        else:
            network.add_module("fine", packed)
            network.add_module("paint", PackedPaint(network.paint))
    for name, child in network.named_children():
        if isinstance(child, nn.Conv2d):
            network.add_module(name, PackedConv2d(child))
        elif isinstance(child, nn.GroupNorm):
            network.add_module(name, WideGroupNorm(child))
        elif isinstance(child, Residual):
            network.add_module(name, PackedResidual(child))
        else:
            pack(child)
