import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.drawn import crop_set
from tests.training.recipes import only, tiny_recipe
from training.data.crops import CropSet
from training.runtime.not_finite import NotFinite
from training.train import Run, run_training


@pytest.fixture(scope="module")
def crops() -> CropSet:
    return crop_set(40)


def test_a_bad_label_is_told_with_the_picture_that_has_it(crops: CropSet, tmp_path: Path) -> None:
    pose = crops.pose.clone()
    pose[7] = torch.inf
    recipe = tiny_recipe("disentangle", 20, weights=only("pose"))
    with pytest.raises(NotFinite, match=f"step \\d: pose not finite, from the pictures {crops.keys[7]}") as caught:
        run_training(recipe, replace(crops, pose=pose), Run(tmp_path))
    error = caught.value
    assert error.suspects == [crops.keys[7]]
    assert len(error.keys) == recipe.batch_size
    assert crops.keys[7] in error.keys
    named = json.loads((tmp_path / "not_finite.json").read_text())
    assert named == {
        "step": error.step,
        "terms": ["pose"],
        "suspects": error.suspects,
        "keys": error.keys,
    }


def test_where_no_picture_is_to_blame_all_are_named(crops: CropSet, tmp_path: Path) -> None:
    recipe = tiny_recipe("autoencoder", 20, weights=only("reconstruction", 1e38))  # the weighted sum is not finite
    with pytest.raises(NotFinite, match="from no single picture of the batch") as caught:
        run_training(recipe, crops, Run(tmp_path))
    assert caught.value.suspects == []
    assert len(caught.value.keys) == recipe.batch_size
