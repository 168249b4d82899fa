"""A network that no loss used and that labelled nothing looks at faces: `faceres` of npm's `@vladmandic/human`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import Vector
from model.engine.backend import Pixels

SIZE = 224
"""Pixels that it looks at."""
HALVING = (2, 4, 6, 12)
"""The depthwise convolutions, from 1, that halve the map; so does the first convolution of all."""
BLOCKS = 13
HIGHEST = 6.0
"""To which each layer's output is cut off, and 0 below."""
CHUNK = 32


@dataclass(frozen=True)
class Layer:
    """A convolution with a bias, and what it is cut off to."""

    kernel: Tensor
    bias: Tensor
    stride: int
    groups: int

    def __call__(self, x: Tensor) -> Tensor:
        if self.kernel.shape[-1] > 1:  # TensorFlow's padding: the odd pixel goes to the right and below
            x = F.pad(x, (2 - self.stride, 1, 2 - self.stride, 1))
        return F.conv2d(x, self.kernel, self.bias, self.stride, groups=self.groups).clamp(0.0, HIGHEST)


class Features(Protocol):
    """What gives features of crops; `OutsideNetwork` does."""

    def features(self, pictures: Pixels) -> Vector:
        """Of crops `(n, size, size, 3)`, `(n, d)`."""


class OutsideNetwork:
    """A MobileNet (Howard et al. 2017) that was trained to tell people, then age and gender.

    Its 1,024 numbers come before either decision. Whoever trains must leave it out of all losses and labels.
    """

    def __init__(self, path: Path) -> None:
        """From TensorFlow.js's `faceres.json` and the weights beside it.

        Raises FileNotFoundError if one is not there, ValueError if they hold another network.
        """
        weights = _read(path)
        try:
            self._layers = _layers(weights)
        except KeyError as error:
            raise ValueError(f"{path} is not the network faceres: there is no {error}") from error

    def features(self, pictures: Pixels) -> Vector:
        """Crops `(n, size, size, 3)` -> what the network sees in them, `(n, 1024)`."""
        rows = [self._look(pictures[start : start + CHUNK]) for start in range(0, len(pictures), CHUNK)]
        return np.concatenate(rows)

    def _look(self, pictures: Pixels) -> Vector:
        shown = np.stack([cv2.resize(one, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR) for one in pictures])
        with torch.inference_mode():
            x = torch.from_numpy(shown).permute(0, 3, 1, 2).float()  # from 0 to 255: the first layer expects that
            for layer in self._layers:
                x = layer(x)
            return np.asarray(x.mean(dim=(2, 3)).numpy(), np.float32)


def _layers(weights: dict[str, Tensor]) -> list[Layer]:
    def bias(name: str) -> Tensor:
        return weights[f"{name}_bn/batchnorm_1/sub"]

    first = weights["conv1/convolution/merged_input"].permute(3, 2, 0, 1)
    layers = [Layer(first, bias("conv1"), 2, 1)]
    for number in range(1, BLOCKS + 1):
        deep, point = f"conv_dw_{number}", f"conv_pw_{number}"
        scale = weights[f"{deep}_bn/batchnorm_1/mul"][:, None, None, None]
        kernel = weights[f"{deep}/depthwise_kernel"].permute(2, 3, 0, 1) * scale
        layers.append(Layer(kernel, bias(deep), 2 if number in HALVING else 1, len(kernel)))
        layers.append(Layer(weights[f"{point}/convolution/merged_input"].permute(3, 2, 0, 1), bias(point), 1, 1))
    return layers


def _read(path: Path) -> dict[str, Tensor]:
    """The weights of a TensorFlow.js model; those of other types than half and single precision are left out."""
    [group] = json.loads(path.read_text())["weightsManifest"]
    data = b"".join((path.parent / name).read_bytes() for name in group["paths"])
    weights, start = {}, 0
    for entry in group["weights"]:
        kind = np.dtype(entry.get("quantization", entry)["dtype"])
        size = int(np.prod(entry["shape"], dtype=np.int64)) * kind.itemsize
        if kind.kind == "f":
            values = np.frombuffer(data[start : start + size], kind).astype(np.float32)
            weights[entry["name"]] = torch.from_numpy(values.reshape(entry["shape"]))
        start += size
    return weights
