from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from facet.cli import app
from tests.training.drawn import samples
from training.data.mixture import Source
from training.data.shards import write_shard
from training.train import load_training_crops

torch.set_num_threads(1)

TINY = ["network.channels=[8,8,8,8]", "network.encoder_depths=[0,0,0,0]", "network.decoder_depths=[0,0,0,0]"]
QUICK = [argument for change in (*TINY, "steps=1", "batch_size=4") for argument in ("--set", change)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name, count, first in (("large", 12, 0), ("small", 6, 12)):
        (tmp_path / name).mkdir()
        write_shard(tmp_path / name / "0.parquet", samples(count, first=first))
    return tmp_path / "large", tmp_path / "small"


def train(tmp_path: Path, *data: str) -> Result:
    sources = [argument for source in data for argument in ("--data", source)]
    runs = ["--runs", str(tmp_path / "runs"), "--device", "cpu"]
    return CliRunner().invoke(app, ["train", "autoencoder", "--name", "mixed", *sources, *runs, *QUICK])


def test_a_run_on_two_data_sets_by_weight(folders: tuple[Path, Path], tmp_path: Path) -> None:
    large, small = folders
    result = train(tmp_path, f"{large}:3", f"{small}:1")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "18 training crops, 9 people with several"


def test_weights_come_with_the_crops(folders: tuple[Path, Path]) -> None:
    large, small = folders
    crops = load_training_crops([Source(large, 3.0), Source(small, 1.0)], 64)
    assert crops.weights == (3.0, 1.0)
    assert torch.bincount(crops.data_set).tolist() == [12, 6]
    assert load_training_crops([Source(large), Source(small)], 64).weights is None


def test_weights_that_do_not_fit(folders: tuple[Path, Path], tmp_path: Path) -> None:
    large, small = folders
    for data, message in (
        ((f"{large}:3", f"{small}"), "has no weight, but others have"),
        ((f"{large}:3", f"{small}:x"), "expected FOLDER or FOLDER:WEIGHT with a weight above 0"),
        ((f"{large}:30", f"{small}:1"), "gives no crop to a batch of 4"),
    ):
        result = train(tmp_path, *data)
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.replace("│", "").split())
