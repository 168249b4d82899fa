from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import Attribute, Vector, part
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.crops import CropSet
from training.evaluation.faces import see
from training.evaluation.groups import group_errors, groups_of, looked_at_again, report


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("9_0_2_20170101", ["everyone", "age 0 to 9", "male", "Asian"]),
        ("10_1_0_20170101", ["everyone", "age 10 to 19", "female", "White"]),
        ("60_1_4_1", ["everyone", "age 60 and over", "female", "other"]),
        ("116_0_3_1", ["everyone", "age 60 and over", "male", "Indian"]),
        ("Ada_Lovelace_0001", []),
        ("30_2_0_1", []),
    ],
)
def test_groups_by_name(key: str, expected: list[str]) -> None:
    assert groups_of(key) == expected


class Fixed(DummyModel):
    """A model that reads one pose in every picture."""

    def embed(self, crops: Pixels) -> Vector:
        embeddings = super().embed(crops)
        part(embeddings, Attribute.POSE)[...] = 0.1
        return embeddings


def crops_of(keys: list[str]) -> CropSet:
    crops = crop_set(len(keys))
    pose = torch.full((len(keys), 3), 0.1)
    pose[1::2] = 0.2
    return replace(crops, keys=keys, pose=pose)


def test_errors_are_means_over_each_group() -> None:
    backend = Fixed()
    keys = [f"{25 if number % 2 else 65}_0_{number // 20}_{number}" for number in range(42)]
    faces = see(backend, crops_of(keys))
    errors = group_errors(backend, faces)
    # Twenty-one of each age, twenty White, twenty Black; two Asian are too few to report.
    assert list(errors) == ["everyone", "age 20 to 39", "age 60 and over", "male", "White", "Black"]
    assert [errors[name].faces for name in errors] == [42, 21, 21, 42, 20, 20]
    assert errors["age 20 to 39"].pose_degrees == pytest.approx(np.degrees(0.1), rel=1e-4)
    assert errors["age 60 and over"].pose_degrees == pytest.approx(0, abs=1e-4)
    assert errors["everyone"].pose_degrees == pytest.approx(np.degrees(0.05), rel=1e-4)
    two = [errors[name] for name in ("age 20 to 39", "age 60 and over")]
    assert errors["everyone"].ssim == pytest.approx(np.mean([one.ssim for one in two]))
    assert errors["everyone"].identity_consistency == pytest.approx(np.mean([one.identity_consistency for one in two]))
    shown = report("m", errors)
    assert shown.tables[0][1][:2] == ["everyone", "42"]
    unknown = replace(faces, labels=replace(faces.labels, pose=torch.full((42, 3), torch.nan)))
    assert group_errors(backend, unknown)["male"].pose_degrees is None
    assert report("m", group_errors(backend, unknown)).tables[0][1][-1] == "-"


def test_a_second_look_is_mirrored_closer_and_within_the_photograph() -> None:
    crops = crop_set(2)
    ramp = torch.linspace(0, 255, 160).to(torch.uint8)
    pixels = crops.pixels.clone()
    pixels[:, :3] = ramp  # brighter to the right
    again = looked_at_again(replace(crops, pixels=pixels), 64).astype(float)
    assert again.shape == (2, 64, 64, 3)
    middle = again[0, 32, :, 0]
    assert (np.diff(middle) <= 0).all()  # mirrored: brighter to the left
    first = see(DummyModel(), replace(crops, pixels=pixels)).pixels[0, 32, :, 0].astype(float)
    assert np.ptp(middle) == pytest.approx(np.ptp(first) * np.exp(-0.08), rel=0.03)


def test_other_data_sets_have_no_groups() -> None:
    backend = DummyModel()
    with pytest.raises(ValueError, match="UTKFace's file names"):
        group_errors(backend, see(backend, crop_set(4)))
