"""Prepared crops with their labels on disk: Parquet files, written aside and renamed."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FRAME_SIZE = 256
"""Pixels of the model's frame in a stored crop: as many as the largest networks draw."""
MARGIN = 1.25
"""A stored crop reaches this much beyond the frame, so that augmentation can move and turn it."""
CROP_SIZE = round(FRAME_SIZE * MARGIN)

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("split", pa.string()),
        ("identity", pa.string()),
        ("expression", pa.string()),
        ("video", pa.string()),  # the clip that the picture is a frame of
        ("valence_arousal", pa.list_(pa.float32())),  # 2 numbers from -1 to 1
        ("attributes", pa.map_(pa.string(), pa.int32())),  # other labels, by the data set's own names and codes
        ("crop", pa.binary()),  # JPEG, CROP_SIZE pixels square; packed, WebP and fewer
        ("pose", pa.list_(pa.float32())),  # pitch, yaw, roll in radians, in the frame
        ("blendshapes", pa.list_(pa.float32())),  # 52 scores
        ("teacher", pa.list_(pa.float32())),  # identity features, 128 numbers
        ("regions", pa.binary()),  # PNG or WebP, likewise: `training.data.regions`
        ("side", pa.float32()),  # of the frame, in the photograph's own pixels: finer than this the crop holds nothing
        ("detector", pa.string()),
    ]
)
REQUIRED = {"key", "split", "crop", "regions", "side", "detector"}
"""What every shard holds; a label whose column it lacks is not known."""


@dataclass(frozen=True)
class Sample:
    """One prepared crop; labels that are not known are None."""

    key: str
    split: str
    crop: bytes
    regions: bytes
    side: float
    detector: str
    identity: str | None = None
    expression: str | None = None
    pose: list[float] | None = None
    blendshapes: list[float] | None = None
    teacher: list[float] | None = None
    video: str | None = None
    valence_arousal: list[float] | None = None
    attributes: dict[str, int] | None = None
    data_set: int = 0
    """Which of the folders that are read together it came from; not stored."""


def write_shard(path: Path, samples: Iterable[Sample]) -> None:
    """Write a shard so that a file of that name is always complete."""
    rows: list[dict[str, Any]] = [vars(sample) for sample in samples]
    aside = path.with_suffix(".writing")
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), aside, compression="none")
    os.replace(aside, path)


def shards(folder: Path) -> list[Path]:
    """The files of a prepared folder, in order. Raises FileNotFoundError if there is none."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no prepared shards; `facet data prepare` writes them")
    return paths


def read_shards(folder: Path) -> Iterator[Sample]:
    """Every sample below a prepared folder, in order; what `shards` and `read_shard` raise."""
    for path in shards(folder):
        yield from read_shard(path)


def read_shard(path: Path) -> Iterator[Sample]:
    """Every sample of one file, in order. Raises ValueError for a foreign file."""
    table = pq.read_table(path)
    if not set(table.schema.names) >= REQUIRED or any(field not in SCHEMA for field in table.schema):
        raise ValueError(f"{path} has columns {table.schema.names}, expected {SCHEMA.names}; prepare it again")
    for row in table.to_pylist(maps_as_pydicts="strict"):
        yield Sample(**row)
