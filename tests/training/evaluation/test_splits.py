from pathlib import Path

import pytest

from tests.training.drawn import samples
from training.data.shards import write_shard
from training.evaluation.splits import load_keys, load_split


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    write_shard(tmp_path / "0.parquet", [*samples(6), *samples(4, "test", 6)])
    return tmp_path


def test_one_split_and_some_keys(prepared: Path) -> None:
    test = load_split([prepared], "test", 64)
    assert test.keys == [f"Person{number // 2}_{number:04d}" for number in range(6, 10)]
    assert test.pixels.shape == (4, 4, 160, 160)
    assert load_keys([prepared], {"Person4_0009", "Person0_0001", "Nobody_0001"}, 64).keys == [
        "Person0_0001",
        "Person4_0009",
    ]


def test_what_is_not_there_is_said(prepared: Path) -> None:
    with pytest.raises(ValueError, match="hold no crops of the split 'val'"):
        load_split([prepared], "val", 64)
    with pytest.raises(ValueError, match="hold none of the 1 crops"):
        load_keys([prepared], {"Nobody_0001"}, 64)
