"""Convolutions for the CPU whose weights already lie as oneDNN reads them."""

import warnings

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
        assert not isinstance(plain.padding, str)
        self.padding, self.stride = list(plain.padding), list(plain.stride)
        self.dilation, self.groups = list(plain.dilation), plain.groups
        pack = torch._C._nn.mkldnn_reorder_conv2d_weight
        packed = pack(plain.weight.detach().to_mkldnn(), self.padding, self.stride, self.dilation, self.groups)
        self.register_buffer("weight", packed)
        self.register_buffer("bias", None if plain.bias is None else plain.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        # Only TorchScript reads this, which knows no names from outside of the method.
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups, "none", [], ""
        )
        return y


def pack(network: nn.Module) -> None:
    """Replace all of a network's convolutions. It can no longer be trained, moved or saved."""
    with warnings.catch_warnings():
        # The successor that torch names needs a C++ compiler where it runs.
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, module in list(network.named_modules()):
            if isinstance(module, nn.Conv2d):
                parent, _, leaf = name.rpartition(".")
                setattr(network.get_submodule(parent), leaf, torch.jit.script(PackedConv2d(module)))
