import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from facet.cli import app
from model.calibration import Calibration
from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.backend import Pixels
from model.face_model import FaceModel
from tests.tiny import tiny_model
from tests.training.drawn import samples
from tests.training.recipes import tiny_recipe
from tests.training.small_recognition import manifest
from training.data.shards import write_shard
from training.evaluation import summary
from training.evaluation.edits import edit_laws
from training.evaluation.splits import load_splits
from training.export import drawn_faces
from training.networks import expressing
from training.networks.expressing import Effort
from training.networks.names import learn_names
from training.train import Run, run_training


def facet(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["model", *map(str, arguments)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, "tiny", tiny_model(), Calibration(), {"summary": "A test."})
    return path


def test_a_run_is_exported_with_onnx_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    learnt = []

    def learn(*given: Any) -> None:
        learnt.append(given)
        learn_names(*given, steps=5)

    monkeypatch.setattr("training.export.checkpoint.learn_names", learn)
    write_shard(tmp_path / "0.parquet", [*samples(34), *samples(6, "val", 34), *samples(6, "test", 40)])
    pairs, run = tmp_path / "pairs.txt", Run(tmp_path / "run")
    pairs.write_text("1\t1\nPerson20\t40\t41\nPerson20\t40\tPerson21\t42\n")
    run_training(tiny_recipe("autoencoder", 1), load_splits([tmp_path], 64).train, run)
    options = ["--data", tmp_path, "--pairs", pairs, "--fold", 1, "--onnx", tmp_path / "onnx", "--names", tmp_path]
    result = facet("export", run.folder, "--to", tmp_path / "m.safetensors", *options)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["metrics"]["faces"] == 6
    said = [line.rsplit(" ", 1)[0] for line in result.stderr.splitlines()]
    assert said == [f"{tmp_path / 'onnx' / name}.onnx differs from torch by at most" for name in ("encoder", "decoder")]
    assert (tmp_path / "onnx" / "decoder.onnx").is_file()
    [(_, z, targets, people)] = learnt
    assert len(z) == len(targets) == len(people) == 34  # of training alone


def test_a_model_is_taught_to_read_in_8_bits(model: Path, tmp_path: Path) -> None:
    write_shard(tmp_path / "0.parquet", [*samples(20), *samples(6, "test", 40)])
    to = tmp_path / "int8.safetensors"
    result = facet("quantize", model, "--to", to, "--data", tmp_path)
    assert result.exit_code == 0, result.output
    told = [line.split(":")[0] for line in result.stdout.splitlines()]
    assert told == ["pose", "identity", "expression", "style"]
    assert all(float(line.split()[3].rstrip(",")) > 0.95 for line in result.stdout.splitlines())
    before, after = load_checkpoint(model), load_checkpoint(to)
    assert after.int8_reader
    assert (after.card, after.calibration) == (before.card, before.calibration)
    assert after.id == before.id


def test_a_decoder_is_moved_towards_another_and_what_is_read_stays(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    write_shard(tmp_path / "0.parquet", [*samples(34), *samples(6, "val", 34), *samples(6, "test", 40)])
    said = {"summary": "A test.", "reports": {"cfp": {}, "edits": {}}}
    save_checkpoint(model, "tiny", tiny_model(), Calibration(), said)
    ends = [load_checkpoint(model).model, tiny_model()]
    with torch.no_grad():
        for parameter in ends[1].parameters():
            parameter.add_(0.25)
    other, to = tmp_path / "other.safetensors", tmp_path / "between.safetensors"
    save_checkpoint(other, "other", ends[1], Calibration(), {})
    result = facet("interpolate", model, other, "--share", 0.25, "--to", to, "--data", tmp_path)
    assert result.exit_code == 0, result.output
    between = load_checkpoint(to)
    assert between.id.startswith("tiny-")
    assert {**between.card, "metrics": {}} == {"summary": "A test.", "reports": {"cfp": {}}, "metrics": {}}
    assert between.card["metrics"]["faces"] == 6
    states = [each.state_dict() for each in (*ends, between.model)]
    for name, (one, two, found) in {name: [state[name] for state in states] for name in states[0]}.items():
        expected = 0.75 * one + 0.25 * two if name.startswith("decoder.") else one
        torch.testing.assert_close(found, expected, atol=2e-3, rtol=2e-3)  # a file has 16 bits

    result = facet("interpolate", model, other, "--whole", "--share", 0.25, "--to", to, "--data", tmp_path)
    assert result.exit_code == 0, result.output
    between = load_checkpoint(to)
    assert {**between.card, "metrics": {}} == {"summary": "A test.", "metrics": {}}
    one, two, found = (each.encoder.stem.weight for each in (*ends, between.model))
    torch.testing.assert_close(found, 0.75 * one + 0.25 * two, atol=2e-3, rtol=2e-3)

    larger = FaceModel(replace(ends[0].config, hidden=2 * ends[0].config.hidden))
    save_checkpoint(other, "other", larger, Calibration(), {})
    refused = facet("interpolate", model, other, "--to", to, "--data", tmp_path)
    assert refused.exit_code == 1
    assert "networks of other sizes" in refused.stderr


def test_pose_is_taken_out_of_a_file_and_what_is_measured_is_measured_anew(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    write_shard(tmp_path / "0.parquet", [*samples(120), *samples(6, "val", 120), *samples(6, "test", 126)])
    said = {"summary": "A test.", "steps": 3, "reports": {"cfp": {}}}
    save_checkpoint(model, "tiny", tiny_model(), Calibration(), said)
    (tmp_path / "card.toml").write_text('summary = "A pure one."')
    asked = ("--data", tmp_path, "--seen", tmp_path, "--card", tmp_path / "card.toml")
    result = facet("purify", model, "--to", tmp_path / "pure.safetensors", *asked)
    assert result.exit_code == 0, result.output
    pure = load_checkpoint(tmp_path / "pure.safetensors")
    assert pure.id.startswith("tiny-")
    assert {**pure.card, "metrics": {}} == {"summary": "A pure one.", "steps": 3, "metrics": {}}
    assert json.loads(result.stdout) == pure.card
    assert pure.card["metrics"]["faces"] == 6
    whitened = ("encoder.head", "decoder.head")
    for name, before in load_checkpoint(model).model.state_dict().items():
        if name.startswith(("encoder.", "decoder.")) and not name.startswith(whitened):
            torch.testing.assert_close(pure.model.state_dict()[name], before, rtol=0, atol=0)
        elif name.startswith("splitter."):
            assert not torch.equal(pure.model.state_dict()[name], before)


class Looking:
    """In place of Face Landmarker: blendshapes and angles from the drawn colours."""

    def __init__(self, landmarker: Path, threads: int) -> None:
        assert landmarker.is_file()
        self.opened = threads > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened = False

    def __call__(self, pictures: Pixels) -> torch.Tensor:
        assert self.opened
        assert pictures.dtype == np.uint8
        return torch.from_numpy(pictures.reshape(len(pictures), -1)[:, :55].astype(np.float32)) / 255.0


def test_expressions_are_made_visible_in_what_a_file_draws(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    monkeypatch.setattr(drawn_faces, "DrawnFaceReader", Looking)
    monkeypatch.setattr(expressing, "express", partial(expressing.express, effort=Effort(3, 200, 10, 5)))
    write_shard(tmp_path / "0.parquet", [*samples(120), *samples(6, "val", 120), *samples(6, "test", 126)])
    (tmp_path / "landmarker.task").touch()
    to, asked = tmp_path / "new.safetensors", ("--data", tmp_path, "--seen", tmp_path)
    absent = facet("express", model, "--to", to, *asked, "--landmarker", tmp_path / "none.task")
    assert absent.exit_code == 2
    people = ("--likeness", manifest())
    result = facet("express", model, "--to", to, *asked, "--landmarker", tmp_path / "landmarker.task", *people)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == load_checkpoint(to).card
    before, after = (load_checkpoint(path).model.state_dict() for path in (model, to))
    for name in before:
        learns = name.startswith(("splitter.", "merger."))
        whitened = name.startswith(("encoder.head", "decoder.head"))
        assert whitened or torch.equal(before[name], after[name]) != learns


def test_who_lacks_the_network_that_reads_drawn_faces_is_told(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    (tmp_path / "landmarker.task").touch()
    asked = ("--data", tmp_path, "--seen", tmp_path, "--landmarker", tmp_path / "landmarker.task")
    refused = facet("express", model, "--to", tmp_path / "new.safetensors", *asked)
    assert refused.exit_code == 2
    assert "mediapipe" in refused.stderr
    assert "make label" in refused.stderr


def test_too_few_poses_are_told(model: Path, tmp_path: Path) -> None:
    write_shard(tmp_path / "0.parquet", [*samples(34), *samples(6, "val", 34), *samples(6, "test", 40)])
    to = tmp_path / "pure.safetensors"
    refused = facet("purify", model, "--to", to, "--data", tmp_path, "--seen", tmp_path)
    assert refused.exit_code == 2
    assert "the poses of 34 crops are too few" in " ".join(refused.stderr.split())
    assert not to.exists()


def test_the_card_is_printed_or_written_with_its_sheets(model: Path, tmp_path: Path) -> None:
    id = load_checkpoint(model).id
    printed = facet("card", model)
    assert printed.stdout.startswith(f"# {id}\n\nA test.\n")
    (tmp_path / "lfw.json").write_text(json.dumps({"model": id, "figures": {}, "tables": [[["a"], ["b"]]]}))
    written = facet("card", model, "--reports", tmp_path, "--to", tmp_path / "card")
    assert written.exit_code == 0, written.output
    assert written.stderr == "taken into the card: lfw\n"
    assert [Path(line).name for line in written.stdout.splitlines()] == [
        "README.md",
        "random.png",
        "swaps.png",
        "pose.png",
    ]
    assert load_checkpoint(model).id == id
    text = (tmp_path / "card" / "README.md").read_text()
    assert text.startswith(f"# {id}\n")
    assert "### lfw" in text
    empty = tmp_path / "empty"
    empty.mkdir()
    refused = facet("card", model, "--reports", empty)
    assert refused.exit_code == 2
    assert "has no reports" in " ".join(refused.stderr.split())
    unnamed = facet("card", "--reports", tmp_path)
    assert "name the model file" in " ".join(unnamed.stderr.split())
