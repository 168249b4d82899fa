from dataclasses import replace

import torch

from model.attributes import Attribute
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.sources.lfw import Pair
from training.evaluation.faces import see, still_crops
from training.evaluation.reconstruction import fidelity
from training.evaluation.summary import evaluate, rows
from training.evaluation.verification.lfw import accuracy, score_pairs


def test_every_measurement_is_there_and_is_what_its_protocol_says() -> None:
    backend, crops = DummyModel(), crop_set(12)
    keys = crops.keys
    pairs = [Pair(keys[0], keys[1], True), Pair(keys[2], keys[5], False), Pair("No_0001", keys[0], False)]
    training, _ = still_crops(crops, 64)
    result = evaluate(backend, crops, crop_set(10), pairs, training)
    faces = see(backend, crops)
    assert result["faces"] == 12
    assert result["reconstruction"] == vars(fidelity(backend.render(faces.embeddings), faces.pixels))
    scores, _ = score_pairs(faces, pairs)
    verification = result["verification"]
    assert (verification["pairs"], verification["pairs_missing"]) == (2, 1)
    assert verification["identity"] == accuracy(
        scores.by(Attribute.IDENTITY), scores.same, backend.calibration.threshold
    )
    assert set(result["pose_degrees"]) == {"pitch", "yaw", "roll"}
    assert result["edits"]["identity"]["arrived"] == 1.0
    assert 0.0 <= result["happiness_against_neutral"] <= 1.0
    assert result["reconstruction_pca"]["ssim"] > 0.99  # twelve pictures lie in eleven dimensions
    table = dict(rows(result))
    assert table["faces"] == "12"
    assert table["reconstruction.ssim"] == f"{result['reconstruction']['ssim']:.4f}"


def test_what_cannot_be_measured_is_left_out() -> None:
    crops = crop_set(12)
    bare = replace(crops, pose=torch.full((12, 3), torch.nan), expression=torch.full((12,), -1))
    pairs = [Pair(crops.keys[0], crops.keys[1], True)]
    result = evaluate(DummyModel(), bare, crops, pairs, None)
    assert result["pose_degrees"] == {}
    assert "happiness_against_neutral" not in result
    assert "reconstruction_pca" not in result
