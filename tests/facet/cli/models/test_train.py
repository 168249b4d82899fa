import json
from functools import partial
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from facet.cli import app
from tests.training.drawn import samples
from training.data.shards import write_shard
from training.evaluation import summary
from training.evaluation.edits import edit_laws
from training.runtime.resume import load_state

torch.set_num_threads(1)

TINY = ["network.channels=[8,8,8,8]", "network.encoder_depths=[0,0,0,0]", "network.decoder_depths=[0,0,0,0]"]
QUICK = [argument for change in (*TINY, "steps=2", "batch_size=4") for argument in ("--set", change)]


def facet(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def complaint(result: Result) -> str:
    """What a usage error says, without the box about it."""
    assert result.exit_code == 2
    return " ".join(result.stderr.replace("│", "").split())


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    folder = tmp_path / "prepared"
    folder.mkdir()
    write_shard(folder / "0.parquet", [*samples(34), *samples(6, "val", 34), *samples(6, "test", 40)])
    return folder


def test_a_dry_run_prints_the_recipe_and_the_sizes(prepared: Path) -> None:
    result = facet("train", "joint", "--data", str(prepared), "--name", "a", "--dry-run", *QUICK)
    printed = json.loads(result.stdout)
    assert printed["recipe"]["steps"] == 2
    assert printed["recipe"]["network"]["channels"] == [8, 8, 8, 8]
    assert set(printed["parameters"]) == {"encoder", "decoder", "splitter", "merger", "latent_critic", "image_critic"}
    assert printed["parameters"]["latent_critic"] == 99 * 256 + 256 + 256 * 256 + 256 + 256 + 1
    assert printed["megabytes"]["latent_critic"] == 0.37
    assert printed["losses"]["cycle"] == printed["recipe"]["weights"]["cycle"] > 0


def test_a_run_ends_and_another_begins_with_it_and_becomes_a_model(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    base = ["--data", str(prepared), "--runs", str(tmp_path / "runs"), "--device", "cpu", *QUICK]
    result = facet("train", "autoencoder", "--name", "first", *base)
    assert result.exit_code == 0, result.output
    first = tmp_path / "runs" / "first"
    assert result.stdout.splitlines() == ["34 training crops, 17 people with several", f"finished: {first}"]
    again = facet("train", "disentangle", "--name", "second", "--from", "first", "--minutes", "0", *base)
    assert again.stdout.splitlines()[1] == f"stopped; the same command goes on: {tmp_path / 'runs' / 'second'}"
    assert load_state(tmp_path / "runs" / "second" / "state.pt")["step"] == 0

    pairs, model = tmp_path / "pairs.txt", tmp_path / "model.safetensors"
    pairs.write_text("1\t1\nPerson20\t40\t41\nPerson20\t40\tPerson21\t42\n")
    data = ["--data", str(prepared), "--pairs", str(pairs), "--fold", "1"]
    exported = facet("model", "export", str(first), "--to", str(model), "--name", "mine", *data)
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["steps"] == 2
    shown = json.loads(facet("model", "show", str(model)).stdout)
    assert shown["id"].startswith("mine-")
    assert shown["image_size"] == 64
    figures = tmp_path / "figures.json"
    measured = facet("evaluate", "--model", str(model), "--no-yardstick", "--output", str(figures), *data)
    assert measured.exit_code == 0, measured.output
    assert json.loads(figures.read_text())["faces"] == 6
    assert "verification.pairs" in measured.stdout
    missing = facet("evaluate", "--model", str(model), *data[:-1], "2")
    assert "has folds 1 to 1, not 2" in complaint(missing)


def test_names_folders_and_sizes_that_are_not_given_are_the_usual_ones(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "prepared").mkdir(parents=True)
    prepared.rename(tmp_path / "here" / "prepared" / "drawn")
    monkeypatch.chdir(tmp_path / "here")
    first = facet("train", "autoencoder", "--name", "mine", "--device", "cpu", *QUICK)
    assert first.exit_code == 0, first.output
    sizes = [argument for argument in QUICK if "network" not in argument and argument != "--set"]
    rest = [argument for change in sizes for argument in ("--set", change)]
    second = facet("train", "disentangle", "--from", "mine", "--device", "cpu", *rest)
    assert second.stdout.splitlines()[-1] == f"finished: {Path('runs') / 'mine-disentangle'}"
    state = load_state(Path("runs") / "mine-disentangle" / "state.pt")
    assert list(state["recipe"]["network"]["channels"]) == [8, 8, 8, 8]


def test_without_prepared_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no prepared folder in ./prepared" in complaint(facet("train", "joint"))


def test_a_loss_that_is_not_finite_is_one_line(prepared: Path, tmp_path: Path) -> None:
    base = ["--data", str(prepared), "--runs", str(tmp_path / "runs"), "--device", "cpu", *QUICK]
    result = facet("train", "autoencoder", *base, "--set", "weights.reconstruction=1e39")
    assert result.exit_code == 1
    assert result.stderr.startswith("facet: step 0: gradient not finite, from no single picture")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "there is no recipe 'nothing'"),
        (["joint", "--set", "stepz=3"], "unknown key stepz; did you mean steps?"),
        (["joint", "--set", "steps"], "is not of the form key=value"),
        (["joint", "--set", "steps=soon"], "steps: Input should be a valid integer"),
        (["joint", "--from", "none", *QUICK], "No such file or directory"),
        (["joint", *QUICK, "--set", "batch_size=99"], "a batch of 99 needs at least as many crops"),
    ],
)
def test_mistakes_are_one_message(prepared: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    result = facet("train", *arguments, "--data", str(prepared), "--name", "a", "--runs", str(tmp_path / "runs"))
    assert message in complaint(result)


def test_data_that_is_not_prepared(tmp_path: Path) -> None:
    result = facet("train", "joint", "--data", str(tmp_path), "--name", "a", "--runs", str(tmp_path / "runs"))
    assert "holds no prepared shards" in complaint(result)


def test_the_detector_has_its_own_recipe() -> None:
    result = facet("train", "detector", "--dry-run", "--set", "steps=7", "--set", "composition.turn=20")
    printed = json.loads(result.stdout)
    assert (printed["recipe"]["steps"], printed["recipe"]["composition"]["turn"]) == (7, 20)
    assert 100_000 < printed["parameters"] < 300_000
    assert "name the files" in complaint(facet("train", "detector"))
    assert "unknown key step; did you mean steps?" in complaint(facet("train", "detector", "--set", "step=7"))
