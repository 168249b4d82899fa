import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch

from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.networks.config import NetworkConfig
from tests.tiny import TINY
from tests.training.drawn import crop_set, samples
from tests.training.recipes import tiny_recipe
from training.data.crops import CropSet
from training.data.mixture import Source
from training.data.shards import write_shard
from training.loop import Report
from training.networks import erasure
from training.recipe import Recipe, StageName
from training.runtime.not_finite import NotFinite
from training.runtime.resume import load_state
from training.train import Run, averaged, load_training_crops, run_training, start_model

RECIPE = tiny_recipe("joint", 6, sheet_steps=3)


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


@pytest.fixture(scope="module")
def finished(crops: CropSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of all its steps in one go."""
    run = Run(tmp_path_factory.mktemp("runs") / "unbroken")
    assert run_training(RECIPE, crops, run)
    return run


def test_a_run_leaves_its_recipe_its_sheets_and_its_state(finished: Run) -> None:
    assert Recipe.from_data(json.loads((finished.folder / "recipe.json").read_text())) == RECIPE
    assert sorted(path.name for path in (finished.folder / "sheets").iterdir()) == ["000003.png", "000006.png"]
    assert load_state(finished.state)["step"] == 6


def test_pose_is_erased_before_the_first_step_and_not_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "REFIT_STEPS", 20)  # for speed; what the merger learns has tests of its own
    crops, run = crop_set(120), Run(tmp_path / "run")
    recipe = tiny_recipe("drawing", 2, erase_pose=True)
    splitter = {name: value for name, value in start_model(recipe, None).state_dict().items() if "splitter" in name}
    assert run_training(recipe, crops, run)
    erased = averaged(load_state(run.state))
    last = [name for name in splitter if not torch.equal(splitter[name], erased[name])]
    assert last == ["splitter.mlp.4.weight", "splitter.mlp.4.bias"]
    assert run_training(replace(recipe, steps=3), crops, run)
    again = averaged(load_state(run.state))
    assert all(torch.equal(again[name], erased[name]) for name in splitter)


@pytest.mark.parametrize("stage", ["autoencoder", "joint"])
def test_a_model_that_draws_larger_than_it_reads_is_trained_by_every_loss(stage: StageName, tmp_path: Path) -> None:
    network = replace(TINY, finer_channels=(8,), modulated=True)
    recipe = tiny_recipe(stage, 3, network=network, sheet_steps=3)
    run = Run(tmp_path / stage)
    before = start_model(recipe, None).state_dict()
    assert run_training(recipe, crop_set(40, 128), run)
    weights = averaged(load_state(run.state))
    assert not torch.equal(weights["decoder.finer.0.paint.weight"], before["decoder.finer.0.paint.weight"])
    sheet = cv2.imread(str(run.folder / "sheets" / "000003.png"))
    assert sheet is not None
    assert sheet.shape[0] % 128 == 0
    assert sheet.shape[1] == 12 * 128


def test_measurements_are_lines_of_json(crops: CropSet, tmp_path: Path) -> None:
    reports: list[Report] = []
    run_training(replace(RECIPE, steps=5, log_steps=2), crops, Run(tmp_path), show=reports.append)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 4]
    assert rows[0]["pose"] == reports[1].losses["pose"]


def test_a_stopped_run_goes_on_to_the_same_weights(finished: Run, crops: CropSet, tmp_path: Path) -> None:
    def stop(now: Report) -> None:
        if now.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    run = Run(tmp_path / "broken")
    assert not run_training(RECIPE, crops, run, show=stop)
    assert load_state(run.state)["step"] == 4
    steps: list[int] = []
    assert run_training(RECIPE, crops, run, show=lambda now: steps.append(now.step))
    assert steps == [5, 6]
    expected, reached = load_state(finished.state), load_state(run.state)
    for part in ("model", "ema", "objective"):
        assert all(torch.equal(reached[part][name], value) for name, value in expected[part].items())


def test_no_minutes_stop_before_the_first_step(crops: CropSet, tmp_path: Path) -> None:
    assert not run_training(RECIPE, crops, Run(tmp_path), minutes=0.0)
    assert load_state(Run(tmp_path).state)["step"] == 0


def test_a_failure_leaves_the_last_good_state(crops: CropSet, tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run_training(replace(RECIPE, steps=1), crops, run)
    good = run.state.read_bytes()
    broken = replace(crops, pose=torch.full_like(crops.pose, torch.inf))
    with pytest.raises(NotFinite):
        run_training(RECIPE, broken, run)
    assert run.state.read_bytes() == good


def test_a_stage_begins_with_the_averaged_weights_of_another_run(finished: Run, crops: CropSet, tmp_path: Path) -> None:
    state = load_state(finished.state)
    model = start_model(RECIPE, finished.folder)
    assert all(torch.equal(value, averaged(state)[name]) for name, value in model.state_dict().items())
    second = Run(tmp_path)
    assert run_training(tiny_recipe("disentangle", 1), crops, second, start=finished.folder)
    kept = load_state(second.state)["model"]
    assert all(torch.equal(value, kept[name]) for name, value in averaged(state).items() if name.startswith("encoder"))


def test_a_stage_begins_with_the_weights_of_a_model_file(tmp_path: Path) -> None:
    theirs = start_model(replace(RECIPE, seed=5), None)
    path = tmp_path / "theirs.safetensors"
    save_checkpoint(path, "theirs", theirs, Calibration(), {})
    mine = start_model(RECIPE, path)
    for name, value in theirs.state_dict().items():
        assert torch.equal(mine.state_dict()[name], value.half().float()), name
    assert all(parameter.requires_grad for parameter in mine.parameters())
    other = replace(RECIPE, network=NetworkConfig())
    with pytest.raises(ValueError, match="cannot grow into"):
        start_model(other, path)


def test_a_fresh_model_follows_from_the_seed() -> None:
    first, same, other = (start_model(replace(RECIPE, seed=seed), None).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(value, same[name]) for name, value in first.items())
    assert not torch.equal(first["merger.mlp.0.weight"], other["merger.mlp.0.weight"])


def test_runs_with_other_networks(finished: Run, crops: CropSet) -> None:
    other = replace(RECIPE, network=replace(TINY, hidden=16))
    with pytest.raises(ValueError, match=r"networks .*hidden=32.* cannot grow into .*hidden=16"):
        start_model(other, finished.folder)
    with pytest.raises(ValueError, match=r"unbroken has networks"):
        run_training(other, crops, finished)


def test_training_reads_the_training_split_alone(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.parquet", [*samples(34), *samples(4, "val", 34), *samples(4, "test", 38)])
    crops = load_training_crops([Source(tmp_path)], 64)
    assert crops.keys == [sample.key for sample in samples(34)]
    assert crops.classes == 17
    assert not crops.identity_target.isnan().any()
