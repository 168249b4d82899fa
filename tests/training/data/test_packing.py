from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.drawn import sample, samples
from training.data.canvases import load_canvases
from training.data.packing import pack, packed
from training.data.regions import Region, encode
from training.data.shards import CROP_SIZE, read_shards, shards, write_shard


def test_packed_crops_train_like_those_they_were(tmp_path: Path) -> None:
    for name, numbers in (("0.parquet", (0, 1)), ("1.parquet", (2,))):
        write_shard(tmp_path / name, [sample(number) for number in numbers])
    told: list[None] = []
    pack(tmp_path, tmp_path / "small", progress=lambda: told.append(None))
    assert len(told) == 2
    before, now = list(read_shards(tmp_path)), list(read_shards(tmp_path / "small"))
    assert [replace(small, crop=b"", regions=b"") for small in now] == [
        replace(large, crop=b"", regions=b"") for large in before
    ]
    assert sum(len(each.crop) for each in now) < 0.5 * sum(len(each.crop) for each in before)
    for canvas, most in ((160, 2.0), (CROP_SIZE, 3.0)):
        large, small = (load_canvases(those, canvas)[:].float() for those in (before, now))
        assert (large[:, :3] - small[:, :3]).abs().mean() < most
        assert (large[:, 3] - small[:, 3]).abs().mean() < 1.0


def test_regions_stay_what_they_are() -> None:
    labels = np.full((CROP_SIZE, CROP_SIZE), Region.FACE, np.uint8)
    labels[:80], labels[:, :40] = Region.FEATURES, Region.INVENTED
    small = packed(replace(sample(0), regions=encode(labels)), CROP_SIZE // 4, 80)
    canvas = load_canvases([small], CROP_SIZE // 4)[0:1][0, 3].numpy()
    assert np.array_equal(canvas, labels[2::4, 2::4])


def test_a_packed_shard_is_kept_and_a_broken_one_leaves_nothing(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.parquet", samples(2))
    pack(tmp_path, tmp_path / "small", 80)
    first = (tmp_path / "small/0.parquet").stat()
    write_shard(tmp_path / "1.parquet", [replace(sample(2), crop=b"no picture")])
    with pytest.raises(ValueError, match=f"crop of {sample(2).key} cannot be decoded"):
        pack(tmp_path, tmp_path / "small", 80)
    assert shards(tmp_path / "small") == [tmp_path / "small/0.parquet"]
    assert (tmp_path / "small/0.parquet").stat() == first


def test_what_cannot_be_packed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no prepared shards"):
        pack(tmp_path, tmp_path / "small")
    with pytest.raises(ValueError, match=f"crops have {CROP_SIZE} pixels; they cannot be packed into 400"):
        pack(tmp_path, tmp_path / "small", 400)
    assert not (tmp_path / "small").exists()
