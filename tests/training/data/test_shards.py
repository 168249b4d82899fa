from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.drawn import sample, samples
from training.data.crops import load_samples
from training.data.shards import Sample, read_shards, write_shard


def test_samples_survive_in_order(tmp_path: Path) -> None:
    bare = Sample("bare", "train", sample(5).crop, sample(5).regions, 256.0, "haar")
    labelled = replace(bare, video="v", valence_arousal=[0.5, -0.25], attributes={"Male": -1, "age": 30})
    write_shard(tmp_path / "00001.parquet", [sample(1), bare, labelled])
    write_shard(tmp_path / "00000.parquet", [sample(0)])
    write_shard(tmp_path / "00002.parquet", [])
    first, second, third, fourth = read_shards(tmp_path)
    assert [first.key, second.key] == [sample(0).key, sample(1).key]
    assert third == bare
    assert fourth == labelled
    assert second.crop == sample(1).crop
    assert second.pose == pytest.approx(sample(1).pose, abs=1e-7)
    assert second.teacher == pytest.approx(sample(1).teacher, abs=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.parquet", "00001.parquet", "00002.parquet"]


def test_only_the_splits_asked_for(tmp_path: Path) -> None:
    for folder, split in (("a", "train"), ("b", "test")):
        (tmp_path / folder).mkdir()
        write_shard(tmp_path / folder / "0.parquet", samples(2, split))
    both = [tmp_path / "a", tmp_path / "b"]
    assert [s.split for s in load_samples(both, ["train"])] == ["train", "train"]
    assert [s.split for s in load_samples(both, ["test", "train"])] == ["train", "train", "test", "test"]


def test_a_folder_without_shards(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no prepared shards"):
        list(read_shards(tmp_path))


def test_a_foreign_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"key": ["a"], "pixels": [b""]}), tmp_path / "0.parquet")
    with pytest.raises(ValueError, match=r"0\.parquet has columns \['key', 'pixels'\], expected"):
        list(read_shards(tmp_path))


@pytest.mark.parametrize("content", [b"", b"no table at all"])
def test_a_foreign_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "0.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"0\.parquet"):
        list(read_shards(tmp_path))


def test_a_shard_from_before_a_label_was_added(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.parquet", [sample(0)])
    table = pq.read_table(tmp_path / "0.parquet")
    pq.write_table(table.drop_columns(["video", "attributes", "pose"]), tmp_path / "0.parquet")
    (read,) = read_shards(tmp_path)
    assert (read.video, read.attributes, read.pose, read.identity) == (None, None, None, "Person0")
    pq.write_table(table.drop_columns(["regions"]), tmp_path / "0.parquet")
    with pytest.raises(ValueError, match="prepare it again"):
        list(read_shards(tmp_path))


def test_samples_know_which_folder_they_are_from(tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        write_shard(tmp_path / folder / "0.parquet", samples(2, first=2 * number))
    assert [s.data_set for s in load_samples([tmp_path / "b", tmp_path / "a"], ["train"])] == [0, 0, 1, 1]
