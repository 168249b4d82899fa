"""Layers as a CPU runs them fastest: convolutions, normalisations and residual blocks, for inference alone."""

import copy
import itertools
import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.blocks import Residual
from model.networks.decoder import Decoder, Finer

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
        inner = self.conv1(F.silu(self.norm1(x), inplace=True))
        y: Tensor = self.conv2(F.silu(self.norm2(inner), inplace=True), x)
        return y


class SpreadConv2d(nn.Module):
    """What a convolution computes with a pixel shuffle by 2 behind it: `(n, c, h, w)` -> `(n, out / 4, 2h, 2w)`.

    Its filters are in another order, all those of a subpixel together, so that whole runs of memory are moved, not
    single numbers. What is added comes in that order.
    """

    def __init__(self, plain: nn.Conv2d, then: str = "none") -> None:
        super().__init__()
        ordered = copy.deepcopy(plain)
        order = torch.arange(plain.out_channels).view(-1, 4).t().flatten()
        for values in ordered.parameters():
            values.data = values.detach()[order]
        self.conv = PackedConv2d(ordered, then)

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        y: Tensor = self.conv(x, added)
        count, channels, height, width = y.shape
        rows = y.permute(0, 2, 3, 1).reshape(count, height, width, 2, channels // 2).transpose(2, 3)
        return rows.reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)


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
        self.spread = SpreadConv2d(half)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.spread(x)
        return y


class PackedFiner(nn.Module):
    """What a finer level computes; the picture is enlarged by a convolution, which adds what the level paints.

    torch's own bilinear enlarging of three channels takes as long as two convolutions of 32.
    """

    def __init__(self, plain: Finer) -> None:
        super().__init__()
        self.enter, self.residual = PackedConv2d(plain.enter), PackedResidual(plain.residual)
        self.norm = WideGroupNorm(plain.norm)
        self.enlarge = PackedConv2d(_enlarging(plain.paint.out_channels // 4, plain.paint.weight.dtype))
        self.paint = SpreadConv2d(plain.paint)
        self.spread = None if plain.spread is None else SpreadConv2d(plain.spread, then="swish")

    def forward(self, x: Tensor, image: Tensor, z: Tensor, modulation: nn.Module | None) -> tuple[Tensor, Tensor]:
        x = self.enter(x)
        if modulation is not None:
            x = modulation(x, z)
        x = F.silu(self.norm(self.residual(x)), inplace=True)
        # Past its border a picture goes on as it ends there.
        image = self.paint(x, self.enlarge(F.pad(image, (1, 1, 1, 1), mode="replicate")))
        return x if self.spread is None else self.spread(x), image


def _enlarging(channels: int, dtype: torch.dtype) -> nn.Conv2d:
    """Bilinear enlarging to twice the size, of a picture with a border of one pixel, as `SpreadConv2d` orders it."""
    # A pixel's first half lies a quarter of the way to the pixel before it, its second half to the one behind it.
    halves = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.75, 0.25]], dtype=dtype)
    conv = nn.Conv2d(channels, 4 * channels, 3, dtype=dtype)
    same = torch.eye(channels, dtype=dtype)
    with torch.no_grad():
        conv.weight.copy_(torch.einsum("dy,rx,oi->droiyx", halves, halves, same).flatten(0, 2))
        conv.bias.zero_()  # type: ignore[union-attr]
    return conv


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
        if network.finer:  # finer levels want the map with its pixels spread
            network.add_module("fine", SpreadConv2d(conv, then="swish"))
        else:
            network.add_module("fine", PackedConv2d(conv, then="swish"))
            network.add_module("paint", PackedPaint(network.paint))
    for name, child in network.named_children():
        if isinstance(child, nn.Conv2d):
            network.add_module(name, PackedConv2d(child))
        elif isinstance(child, nn.GroupNorm):
            network.add_module(name, WideGroupNorm(child))
        elif isinstance(child, Residual):
            network.add_module(name, PackedResidual(child))
        elif isinstance(child, Finer):
            network.add_module(name, PackedFiner(child))
        else:
            pack(child)
