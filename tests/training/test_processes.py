"""Training in real processes: several at once, and one that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.drawn import samples
from tests.training.recipes import tiny_recipe
from training.data.mixture import Source
from training.data.shards import write_shard
from training.recipe import Recipe
from training.runtime.resume import load_state
from training.train import Run, load_training_crops, run_training, start_model

ROOT = Path(__file__).parents[2]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
FACTS = {"seconds", "speed", "waiting"}
"""What a row says that is not of the run itself."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    write_shard(folder / "0.parquet", samples(40))
    return folder


def toml(recipe: Recipe) -> str:
    """A recipe as the file from which the command line reads it."""

    def lines(table: dict[str, Any]) -> str:
        # JSON's numbers, strings, lists and truth values are TOML's.
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items() if not isinstance(value, dict))

    data = recipe.to_data()
    tables = (f"[{key}]\n{lines(value)}" for key, value in data.items() if isinstance(value, dict))
    return lines(data) + "".join(tables)


def command(recipe: Recipe, prepared: Path, folder: Path) -> list[str]:
    """The arguments of `facet` that train a recipe in a folder."""
    (folder.parent / "recipe.toml").write_text(toml(recipe))
    arguments = ["train", str(folder.parent / "recipe.toml"), "--data", str(prepared), "--device", "cpu"]
    return [*arguments, "--runs", str(folder.parent), "--name", folder.name]


def here(recipe: Recipe, prepared: Path, folder: Path) -> None:
    """The same in this process."""
    crops = load_training_crops([Source(prepared)], recipe.network.image_size)
    assert run_training(recipe, crops, Run(folder))


def rows(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in FACTS} for line in lines]


def test_two_processes_have_the_loss_curve_of_one(prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("joint", 6, batch_size=8, log_steps=1, bf16=False)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "facet"]
    arguments = [*launcher, *command(recipe, prepared, tmp_path / "two")]
    ended = subprocess.run(arguments, check=False, env=ONE_THREAD, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["40 training crops, 20 people with several", f"finished: {tmp_path / 'two'}"]
    here(recipe, prepared, tmp_path / "one")
    one, two = rows(tmp_path / "one"), rows(tmp_path / "two")
    assert len(one) == 6
    for mine, theirs in zip(one, two, strict=True):
        assert theirs == pytest.approx(mine, rel=1e-3, abs=1e-5)
    assert one[0]["reconstruction"] != pytest.approx(one[5]["reconstruction"], rel=1e-2)  # there is a curve
    before, after, shared = (
        torch.cat([value.flatten() for value in weights.values()])
        for weights in (
            start_model(recipe, None).state_dict(),
            *(load_state(tmp_path / name / "state.pt")["model"] for name in ("one", "two")),
        )
    )
    # Of gradients that are little more than rounding Adam makes steps of full length: a hundredth comes of that alone.
    assert (shared - after).norm() < 0.02 * (after - before).norm()


def test_a_killed_run_goes_on_to_the_same_weights(prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("joint", 16, log_steps=1, checkpoint_minutes=0.0)
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    asked, output = signalled(signal.SIGTERM, 4, recipe, prepared, broken)
    assert asked == 0, output
    assert output.splitlines()[-1] == f"stopped; the same command goes on: {broken}"
    step = load_state(broken / "state.pt")["step"]
    assert step == rows(broken)[-1]["step"] < recipe.steps

    killed, _ = signalled(signal.SIGKILL, step + 4, recipe, prepared, broken)
    assert killed == -signal.SIGKILL
    assert step + 3 <= load_state(broken / "state.pt")["step"] < recipe.steps
    with (broken / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "recons')  # as if the kill had come in the middle of a row

    here(recipe, prepared, broken)
    here(recipe, prepared, whole)
    assert rows(broken) == rows(whole)
    expected, reached = load_state(whole / "state.pt"), load_state(broken / "state.pt")
    for part in ("model", "ema", "objective"):
        assert all(same(reached[part][name], value) for name, value in expected[part].items())


def signalled(number: signal.Signals, step: int, recipe: Recipe, prepared: Path, folder: Path) -> tuple[int, str]:
    """Train in a process of its own that gets a signal once it has logged a step; its exit code and what it said."""
    arguments = [sys.executable, "-m", "facet", *command(recipe, prepared, folder)]
    metrics, deadline = folder / "metrics.jsonl", time.monotonic() + 60
    with subprocess.Popen(arguments, env=ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while not metrics.exists() or metrics.read_bytes().count(b"\n") < step:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    return process.returncode, output.decode()


def same(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    return a is b if a is None or b is None else torch.equal(a, b)
