"""The pictures of prepared crops: decoded once, or where that takes too much memory, whenever they are asked for."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data.regions import decode
from training.data.shards import Sample

CHANNELS = 4
"""Red, green, blue, and the regions."""
MOST_SHARE = 0.3
"""Of a GPU's free memory that crops may take; the rest is for the networks."""
CHUNK = 1024
"""Crops that are decoded at a time on their way to a GPU."""
MOST_BYTES = 8 * 2**30
"""Of decoded crops in memory. As JPEG they take some 20 kB each, whatever the canvas."""


class EncodedCrops:
    """JPEG or WebP crops; indexing with rows or a slice decodes them on all cores to `(n, 4, canvas, canvas)` uint8."""

    def __init__(self, samples: Sequence[Sample], canvas: int) -> None:
        self._keys = [sample.key for sample in samples]
        self._crops = [sample.crop for sample in samples]
        self._regions = [sample.regions for sample in samples]
        self._canvas = canvas
        self.device = torch.device("cpu")
        """Where what is decoded lies."""
        self._threads = ThreadPoolExecutor(os.cpu_count(), "decoding")  # OpenCV lets other threads run

    def __len__(self) -> int:
        return len(self._crops)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Raises ValueError for a crop that cannot be decoded."""
        numbers = range(len(self))[rows] if isinstance(rows, slice) else rows.tolist()
        pixels = torch.empty(len(numbers), CHANNELS, self._canvas, self._canvas, dtype=torch.uint8)
        for place, decoded in enumerate(self._threads.map(self._decode, numbers)):
            pixels[place] = torch.from_numpy(decoded)
        return pixels

    @property
    def nbytes(self) -> int:
        """Of all crops, decoded."""
        return len(self) * CHANNELS * self._canvas**2

    def decoded(self, device: torch.device) -> Tensor:
        """All crops on a device, through memory for `CHUNK` of them."""
        pixels = torch.empty(len(self), CHANNELS, self._canvas, self._canvas, dtype=torch.uint8, device=device)
        for start in range(0, len(self), CHUNK):
            pixels[start : start + CHUNK] = self[start : start + CHUNK]
        return pixels

    def _decode(self, row: int) -> np.ndarray:
        picture = cv2.imdecode(np.frombuffer(self._crops[row], np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"the crop of {self._keys[row]} cannot be decoded; prepare its shard again")
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        stacked = np.concatenate([picture, decode(self._regions[row])[..., None]], axis=2)
        if len(stacked) != self._canvas:
            # Averages of areas are right for reducing alone: enlarged so, a picture is of blocks.
            how = cv2.INTER_AREA if len(stacked) > self._canvas else cv2.INTER_LINEAR
            stacked = cv2.resize(stacked, (self._canvas, self._canvas), interpolation=how)
        return np.ascontiguousarray(stacked.transpose(2, 0, 1))


def resident(pixels: Tensor | EncodedCrops, device: torch.device) -> Tensor | EncodedCrops:
    """Crops, decoded, on a GPU if they take but a share of its free memory; else, and on a CPU, as they are."""
    if device.type != "cuda":
        return pixels
    free, _ = torch.cuda.mem_get_info(device)
    if pixels.nbytes > MOST_SHARE * free:
        return pixels
    return pixels.to(device) if isinstance(pixels, Tensor) else pixels.decoded(device)


def load_canvases(samples: Sequence[Sample], canvas: int, most_bytes: int = MOST_BYTES) -> Tensor | EncodedCrops:
    """The crops at a canvas size: decoded if they take at most `most_bytes`, else encoded."""
    encoded = EncodedCrops(samples, canvas)
    return encoded[:] if encoded.nbytes <= most_bytes else encoded
