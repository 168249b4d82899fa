"""dlib's face recognition network in a form through which gradients pass."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE = 150
CHANNEL_MEANS = (122.782, 117.001, 104.298)
"""Of red, green and blue, which the network was trained to have taken off."""
BLOCKS = [
    *("conv32_1", "conv32_2", "conv32_3"),
    *("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2"),
    *("conv256_down", "conv256_1", "conv256_2", "conv256_down_out"),
]
"""In order; `down` blocks halve the map."""


class FaceRecognition(nn.Module):
    """The ResNet of 29 convolutions behind dlib's face descriptors (King 2017), which learns nothing.

    Chips `(n, 3, 150, 150)` in [-1, 1], framed as dlib's, -> descriptors `(n, 128)`; those of one person are mostly
    less than 0.6 apart. The weights are those that `@vladmandic/face-api` ships (MIT), most of them in 8 bits; `path`
    is its `face_recognition_model-weights_manifest.json`. Raises ValueError if that describes another network, OSError
    if a file is missing.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        weights = read_weights(path)
        try:
            self.stem = _Scaled(weights, "conv32_down")
            self.blocks = nn.ModuleList(_Residual(weights, name) for name in BLOCKS)
            self.out = _frozen(weights["fc"].T)
        except KeyError as error:
            raise ValueError(f"{path} is not of the face recognition network: it has no {error}") from error
        self.means = _frozen(torch.tensor(CHANNEL_MEANS)[:, None, None])

    def forward(self, chips: Tensor) -> Tensor:
        x = (127.5 * (chips + 1.0) - self.means) / 256.0
        x = F.relu(self.stem(x, stride=2, padding=0))
        x = F.max_pool2d(x, 3, 2)
        for block in self.blocks:
            x = block(x)
        return F.linear(x.mean(dim=(2, 3)), self.out)


class _Scaled(nn.Module):
    """A convolution and the scale and shift behind it, as one convolution."""

    def __init__(self, weights: dict[str, Tensor], name: str) -> None:
        super().__init__()
        scale, shift = weights[f"{name}/scale/weights"], weights[f"{name}/scale/biases"]
        self.weight = _frozen(weights[f"{name}/conv/filters"].permute(3, 2, 0, 1) * scale[:, None, None, None])
        self.bias = _frozen(weights[f"{name}/conv/bias"] * scale + shift)

    def forward(self, x: Tensor, stride: int, padding: int) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, stride, padding)


class _Residual(nn.Module):
    """Two convolutions beside a way around them, which a halving block averages, with zeros for new channels."""

    def __init__(self, weights: dict[str, Tensor], name: str) -> None:
        super().__init__()
        self.halves = "down" in name
        self.first, self.second = (_Scaled(weights, f"{name}/conv{number}") for number in (1, 2))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(x, stride=2, padding=0) if self.halves else self.first(x, stride=1, padding=1))
        y = self.second(y, stride=1, padding=1)
        if self.halves:
            x = F.avg_pool2d(x, 2)
            height, width = (max(a, b) for a, b in zip(x.shape[2:], y.shape[2:], strict=True))
            x = F.pad(x, (0, width - x.shape[3], 0, height - x.shape[2], 0, y.shape[1] - x.shape[1]))
            y = F.pad(y, (0, width - y.shape[3], 0, height - y.shape[2]))
        return F.relu(x + y)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a TensorFlow.js manifest by name, in float32; those in 8 bits by their scale and least value."""
    tensors: dict[str, Tensor] = {}
    for group in json.loads(path.read_text()):
        data = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        start = 0
        for entry in group["weights"]:
            values, size = _values(entry, data, start)
            tensors[entry["name"]] = torch.from_numpy(values)
            start += size
        if start != len(data):
            raise ValueError(f"{path} describes {start} bytes of {len(data)}")
    return tensors


def _values(entry: dict[str, Any], data: bytes, start: int) -> tuple[np.ndarray, int]:
    """One tensor and how many bytes it takes."""
    count, packed = int(np.prod(entry["shape"])), entry.get("quantization")
    kind = np.dtype(packed["dtype"] if packed else entry["dtype"])
    raw = np.frombuffer(data, kind, count, start).astype(np.float32).reshape(entry["shape"])
    return (raw * packed["scale"] + packed["min"] if packed else raw).astype(np.float32), count * kind.itemsize


def _frozen(values: Tensor) -> nn.Buffer:
    """A tensor that belongs to the network and neither learns nor is saved with it."""
    return nn.Buffer(values.contiguous().clone(), persistent=False)
