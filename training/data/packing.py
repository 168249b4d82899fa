"""Prepared shards made small: to carry them over a slow line to where a GPU is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from training.data.regions import decode
from training.data.shards import CROP_SIZE, Sample, read_shard, shards, write_shard

LOSSLESS = 101
"""WebP's quality from which on nothing is lost."""


def pack(
    folder: Path, to: Path, pixels: int = 240, quality: int = 88, progress: Callable[[], object] | None = None
) -> None:
    """Write a prepared folder's shards anew, each crop with a side of `pixels` and as WebP of a `quality` to 100.

    A shard that is there already is kept; `progress` is told of each. Raises FileNotFoundError if the folder holds no
    shards, ValueError for more pixels than it has or for a crop that cannot be decoded.
    """
    if not 1 <= pixels <= CROP_SIZE:
        raise ValueError(f"crops have {CROP_SIZE} pixels; they cannot be packed into {pixels}")
    paths = shards(folder)
    to.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if not (to / path.name).exists():
            write_shard(to / path.name, (packed(sample, pixels, quality) for sample in read_shard(path)))
        if progress:
            progress()


def packed(sample: Sample, pixels: int, quality: int) -> Sample:
    """A sample whose crop and regions are smaller files. Raises ValueError for a crop that cannot be decoded."""
    crop = cv2.imdecode(np.frombuffer(sample.crop, np.uint8), cv2.IMREAD_COLOR)
    if crop is None:
        raise ValueError(f"the crop of {sample.key} cannot be decoded; prepare its shard again")
    regions, size = decode(sample.regions), (pixels, pixels)
    if crop.shape[:2] != size:
        return replace(
            sample,
            crop=_webp(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), quality),
            regions=_webp(cv2.resize(regions, size, interpolation=cv2.INTER_NEAREST), LOSSLESS),
        )
    return replace(sample, crop=_webp(crop, quality), regions=_webp(regions, LOSSLESS))


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    return bytes(cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])
