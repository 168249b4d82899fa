"""The pictures of prepared crops: decoded once, or where that takes too much memory, whenever they are asked for."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data.regions import decode
from training.data.shards import CROP_SIZE, Sample

CHANNELS = 4
"""Red, green, blue, and the regions."""
MOST_SHARE = 0.3
"""Of a GPU's free memory that crops may take; the rest is for the networks."""
MOST_BYTES = 8 * 2**30
"""Of decoded crops in memory. As JPEG they take some 20 kB each, whatever the canvas."""


class EncodedCrops:
    """Crops as JPEG; indexing with rows or a slice decodes them, on all cores, to `(n, 4, canvas, canvas)` uint8."""

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

    def _decode(self, row: int) -> np.ndarray:
        picture = cv2.imdecode(np.frombuffer(self._crops[row], np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"the crop of {self._keys[row]} cannot be decoded; prepare its shard again")
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        stacked = np.concatenate([picture, decode(self._regions[row])[..., None]], axis=2)
        if self._canvas != CROP_SIZE:
            stacked = cv2.resize(stacked, (self._canvas, self._canvas), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(stacked.transpose(2, 0, 1))


def resident(pixels: Tensor | EncodedCrops, device: torch.device) -> Tensor | EncodedCrops:
    """Decoded crops on a GPU if they take but a share of its free memory; else, and on a CPU, as they are."""
    if device.type != "cuda" or not isinstance(pixels, Tensor):
        return pixels
    free, _ = torch.cuda.mem_get_info(device)
    return pixels.to(device) if pixels.nbytes <= MOST_SHARE * free else pixels


def load_canvases(samples: Sequence[Sample], canvas: int, most_bytes: int = MOST_BYTES) -> Tensor | EncodedCrops:
    """The crops at a canvas size: decoded if they take at most `most_bytes`, else encoded."""
    encoded = EncodedCrops(samples, canvas)
    return encoded[:] if len(samples) * CHANNELS * canvas**2 <= most_bytes else encoded
