"""Convolutions for the CPU whose weights already lie as oneDNN reads them."""

import torch
from torch import Tensor, nn


class PackedConv2d(nn.Module):
    """What a convolution computes, for inference alone.

    A plain one has its weights brought into oneDNN's layout in every call: nearly half of the time of a single face.
    torch's own compiler packs them with these two functions, which are not part of its documented interface; a test
    compares the results with those of plain convolutions.
    """

    def __init__(self, plain: nn.Conv2d) -> None:
        super().__init__()
        self._geometry = list(plain.padding), list(plain.stride), list(plain.dilation), plain.groups
        self._weight = torch._C._nn.mkldnn_reorder_conv2d_weight(plain.weight.detach().to_mkldnn(), *self._geometry)
        self._bias = None if plain.bias is None else plain.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, *self._geometry, "none", [], ""
        )
        return y


def pack(network: nn.Module) -> None:
    """Replace all of a network's convolutions. It can no longer be trained, moved or saved."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d):
            parent, _, leaf = name.rpartition(".")
            setattr(network.get_submodule(parent), leaf, PackedConv2d(module))
