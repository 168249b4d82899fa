from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.drawn import crop_set, sample, samples
from training.data.crops import UNKNOWN, fit_targets, load_crops
from training.data.regions import Region, encode
from training.data.shards import CROP_SIZE
from training.targets.expression import EXPRESSIONS


def test_every_row_holds_its_sample() -> None:
    chosen = samples(36)
    crops = load_crops(chosen, 64, fit_targets(chosen))
    assert len(crops) == 36
    assert crops.pixels.shape == (36, 4, 160, 160)
    assert crops.keys == [one.key for one in chosen]
    np.testing.assert_allclose(crops.pose.numpy(), np.array([one.pose for one in chosen]), atol=1e-6)
    np.testing.assert_allclose(crops.features["teacher"], np.array([one.teacher for one in chosen]), atol=1e-5)
    assert crops.expression[:3].tolist() == [EXPRESSIONS.index(name) for name in ("neutral", "happiness", "neutral")]
    assert crops.identity.tolist() == [crops.identity[row // 2 * 2].item() for row in range(36)]
    assert sorted(set(crops.identity.tolist())) == list(range(18))
    assert crops.classes == 18
    for targets in (crops.identity_target, crops.expression_target):
        torch.testing.assert_close(targets.norm(dim=-1), torch.ones(targets.shape[:-1]))
    assert not torch.equal(crops.expression_target[:, 0], crops.expression_target[:, 1])


def test_pictures_of_one_person_have_near_identity_targets() -> None:
    cosines = (crops := crop_set(40)).identity_target @ crops.identity_target.T
    same = crops.identity[:, None] == crops.identity
    assert cosines[same].min() > 0.8 > cosines[~same].max()


def test_labels_that_are_missing_are_unknown() -> None:
    bare = replace(sample(0), identity=None, expression=None, pose=None, blendshapes=None, teacher=None)
    strange = replace(sample(2), expression="boredom")
    crops = load_crops([bare, strange], 64, fit_targets([bare, strange]))
    assert crops.pose[0].isnan().all()
    assert not crops.pose[1].isnan().any()
    assert crops.expression.tolist() == [UNKNOWN, UNKNOWN]
    assert crops.identity.tolist() == [UNKNOWN, UNKNOWN]  # a person with one picture has no number
    assert crops.identity_target.isnan().all()
    assert crops.expression_target.isnan().all()
    assert crops.classes == 0
    assert crops.people == [None, "Person1"]


def test_colours_are_red_green_blue_and_the_regions_come_fourth() -> None:
    quarter = CROP_SIZE // 4
    labels = np.full((CROP_SIZE, CROP_SIZE), Region.INVENTED, np.uint8)
    labels[:, :quarter] = Region.FEATURES
    part = replace(sample(0), regions=encode(labels))
    crops = load_crops([part], 128, fit_targets([part]))
    assert torch.equal(crops.pixels[0, 3], torch.from_numpy(labels))
    red, _, blue = crops.pixels[0, :3, 160, 120:200].float().mean(dim=1)
    assert red > blue + 20  # skin


@pytest.mark.parametrize(("size", "canvas"), [(64, 160), (128, 320), (256, 320)])
def test_canvases_are_twice_as_fine_as_the_pictures_if_the_stored_crops_are(size: int, canvas: int) -> None:
    chosen = samples(1)
    assert load_crops(chosen, size, fit_targets(chosen)).pixels[0:1].shape == (1, 4, canvas, canvas)


def test_too_few_samples_fit_no_targets() -> None:
    targets = fit_targets(samples(10))
    assert targets.identity is None
    assert targets.expression is None
    assert fit_targets(samples(17)).expression is not None


def test_videos_affect_and_data_sets() -> None:
    bare = [replace(sample(number), video=None, valence_arousal=None) for number in range(4)]
    chosen = [
        replace(bare[0], video="v", valence_arousal=[0.5, -0.25]),
        replace(bare[1], video="v"),
        replace(bare[2], video="v"),  # another person's
        replace(bare[3], video="w"),
        replace(bare[0], video="v", data_set=1),  # the same names in another data set mean others
    ]
    crops = load_crops(chosen, 64, fit_targets(chosen))
    assert crops.video.tolist() == [0, 0, UNKNOWN, UNKNOWN, UNKNOWN]
    assert crops.identity.tolist() == [0, 0, 1, 1, UNKNOWN]
    assert crops.data_set.tolist() == [0, 0, 0, 0, 1]
    assert crops.valence_arousal[0].tolist() == [0.5, -0.25]
    assert crops.valence_arousal[1:].isnan().all()
