import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from model.attributes import Attribute, part
from model.checkpoint import load_checkpoint
from model.engine.dummy import DummyModel
from model.engine.engine import Engine
from tests.training.drawn import samples
from tests.training.recipes import tiny_recipe
from training.data.shards import write_shard
from training.data.sources.lfw import Pair
from training.evaluation import summary
from training.evaluation.edits import edit_laws
from training.evaluation.faces import see
from training.evaluation.splits import load_splits
from training.evaluation.verification.lfw import random_pairs
from training.export.checkpoint import card_json, export
from training.runtime.resume import load_state
from training.train import Run, averaged, run_training


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    write_shard(folder / "0.parquet", [*samples(40), *samples(8, "val", 40), *samples(8, "test", 48)])
    return folder


def test_without_the_pairs_of_a_protocol_they_are_drawn_from_the_test_people(prepared: Path) -> None:
    splits = load_splits([prepared], 64)
    metrics = summary.evaluate(DummyModel(), splits.test, splits.val, None, None)
    drawn = random_pairs(see(DummyModel(), splits.test))
    assert metrics["verification"]["pairs"] == len(drawn.same) > 0
    assert metrics["verification"]["pairs_missing"] == 0


def test_splits_share_no_face_and_the_targets_of_the_training_split(prepared: Path) -> None:
    splits = load_splits([prepared], 64)
    assert [len(split) for split in (splits.train, splits.val, splits.test)] == [40, 8, 8]
    assert len({*splits.train.keys, *splits.val.keys, *splits.test.keys}) == 56
    norms = splits.test.identity_target.norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(8))


def test_a_run_becomes_one_file_that_the_engine_loads(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "edit_laws", partial(edit_laws, pairs=20))  # for speed
    splits = load_splits([prepared], 64)
    run, path, card = Run(tmp_path / "run"), tmp_path / "model.safetensors", tmp_path / "card.toml"
    run_training(tiny_recipe("joint", 2), splits.train, run)
    card.write_text('summary = "a test"\n[weaknesses]\nall = "of them"\n')
    keys = splits.test.keys
    pairs = [Pair(keys[0], keys[1], True), Pair(keys[0], keys[2], False), Pair("No_0001", "No_0002", True)]
    written = export(run, path, "drawn", splits, pairs, card)

    engine, checkpoint = Engine(path, "cpu"), load_checkpoint(path)
    assert engine.id.startswith("drawn-")
    about_z = ("encoder.head", "decoder.head", "splitter.mlp.0", "merger.mlp.4")  # changed by the whitening
    for name, value in averaged(load_state(run.state)).items():
        same = torch.equal(checkpoint.model.state_dict()[name], value.half().float())
        assert same is not name.startswith(about_z)
    assert dict(engine.card) == json.loads(card_json(written))
    assert engine.card["summary"] == "a test"
    assert engine.card["weaknesses"] == {"all": "of them"}
    assert engine.card["steps"] == 2
    assert engine.card["recipe"]["stage"] == "joint"
    assert engine.card["recipe"]["likeness_network"] == "manifest.json"
    assert engine.card["recipe"]["second_reader"] == "larger.safetensors"
    assert (engine.card["metrics"]["faces"], engine.card["metrics"]["verification"]["pairs_missing"]) == (8, 1)

    calibration = engine.calibration
    assert set(calibration.expression_means) == {"neutral", "happiness"}
    assert np.isfinite([calibration.threshold, calibration.slope]).all()
    assert [*calibration.expression_classifier] == [*calibration.expression_means]
    # The card's figures are those of the file itself.
    again = summary.evaluate(engine, splits.test, splits.val, pairs, None)
    assert again["reconstruction"] == pytest.approx(engine.card["metrics"]["reconstruction"])
    assert again["edits"]["pose"]["arrived"] == engine.card["metrics"]["edits"]["pose"]["arrived"]
    probabilities = calibration.expression_probabilities(
        part(see(engine, splits.test).embeddings[0], Attribute.EXPRESSION)
    )
    assert sum(probabilities.values()) == pytest.approx(1.0)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["card.toml", "model.safetensors", "run"]
