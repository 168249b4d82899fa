from dataclasses import replace

import pytest
import torch

from tests.training.drawn import crop_set
from training.data.augmentation import Augmentation, frame, still, weighted
from training.data.batches import Batches, generator_for
from training.data.crops import CropSet

CALM = Augmentation(shift=0, zoom=0, turn_degrees=0, mirror=False, gain=0, contrast=0, brightness=0)


@pytest.fixture(scope="module")
def crops() -> CropSet:
    """Eighteen crops whose person number is their row."""
    return replace(crop_set(18), identity=torch.arange(18))


def test_a_batch_follows_from_seed_and_step_alone(crops: CropSet) -> None:
    batches = Batches(crops, 64, 4, 1, Augmentation(), 2)
    read = [batches[step] for step in (0, 1, 9, 5)]
    for step, batch in zip((0, 1, 9, 5), read, strict=True):
        again = Batches(crops, 64, 4, 1, Augmentation(), 2)[step]
        for name, value in vars(batch).items():
            assert torch.equal(value.nan_to_num(), getattr(again, name).nan_to_num()), name
    assert not torch.equal(Batches(crops, 64, 4, 2, Augmentation())[0].images, read[0].images)


def test_each_crop_comes_at_most_once_an_epoch(crops: CropSet) -> None:
    batches = Batches(crops, 64, 4, 1, CALM)
    epochs = [torch.cat([batches[4 * epoch + step].identity for step in range(4)]).tolist() for epoch in range(3)]
    for rows in epochs:
        assert len(set(rows)) == 16
    assert len({tuple(rows) for rows in epochs}) == 3


def test_a_whole_epoch_has_every_crop(crops: CropSet) -> None:
    batches = Batches(crops, 64, 6, 1, CALM)
    assert sorted(torch.cat([batches[step].identity for step in range(3)]).tolist()) == list(range(18))


def test_without_augmentation_pictures_and_labels_are_those_of_their_row(crops: CropSet) -> None:
    batch = Batches(crops, 64, 6, 1, CALM, 3, importance=(0.5, 1.0, 2.0))[2]
    rows = batch.identity
    images, regions = frame(crops.pixels[rows], still(6), 64)
    torch.testing.assert_close(batch.images, images)
    assert torch.equal(batch.masks, (regions > 0).float())
    assert torch.equal(batch.weights, weighted(regions, (0.5, 1.0, 2.0)))
    torch.testing.assert_close(batch.reframed, images[:3])
    assert torch.equal(batch.pose, crops.pose[rows])
    assert torch.equal(batch.expression, crops.expression[rows])
    assert torch.equal(batch.expression_target, crops.expression_target[rows, 0])


def test_a_mirrored_picture_has_mirrored_labels(crops: CropSet) -> None:
    batch = Batches(crops, 64, 16, 1, replace(CALM, mirror=True), 16)[0]
    rows = batch.identity
    plain, _ = frame(crops.pixels[rows], still(16), 64)
    mirrored = (batch.images - plain).abs().amax(dim=(1, 2, 3)) > 0.1
    assert 0 < mirrored.sum() < 16
    torch.testing.assert_close(batch.images[mirrored], plain[mirrored].flip(3))
    torch.testing.assert_close(batch.reframed, batch.images)
    sign = torch.where(mirrored, -1.0, 1.0)
    assert torch.equal(batch.pose[:, 0], crops.pose[rows, 0])
    assert torch.equal(batch.pose[:, 1:], crops.pose[rows, 1:] * sign[:, None])
    assert torch.equal(batch.expression_target, crops.expression_target[rows, mirrored.long()])


def test_the_second_frame_is_another_one_under_the_same_light(crops: CropSet) -> None:
    lit = replace(CALM, brightness=0.2, shift=0.05)
    batch = Batches(crops, 64, 8, 1, lit, 8)[0]
    assert not torch.equal(batch.images, batch.reframed)
    difference = batch.images.mean(dim=(1, 2, 3)) - batch.reframed.mean(dim=(1, 2, 3))
    assert difference.abs().max() < 0.1
    assert (batch.images.mean(dim=(1, 2, 3)).std() - batch.reframed.mean(dim=(1, 2, 3)).std()).abs() < 0.05


def test_what_is_read_may_be_damaged_and_what_is_drawn_is_whole(crops: CropSet) -> None:
    whole = Batches(crops, 64, 16, 1, Augmentation())[0]
    assert torch.equal(whole.read, whole.images)
    hurt = Batches(crops, 64, 16, 1, Augmentation(damage=0.3))[0]
    assert torch.equal(hurt.images, whole.images)
    changed = (hurt.read - whole.images).abs().amax(dim=(1, 2, 3)) > 0.02
    assert 4 <= changed.sum() <= 14  # of 16, each spared with a chance of 0.7³


def test_streams_of_random_numbers_do_not_repeat_each_other() -> None:
    first = {
        float(torch.rand(1, generator=generator_for(seed, step, stream)))
        for seed in (1, 2)
        for step in range(50)
        for stream in range(4)
    }
    assert len(first) == 2 * 50 * 4


def test_too_few_crops(crops: CropSet) -> None:
    with pytest.raises(ValueError, match="batch of 19 needs at least as many crops; there are 18"):
        Batches(crops, 64, 19, 1, CALM)


@pytest.fixture(scope="module")
def mixed(crops: CropSet) -> CropSet:
    """Twelve crops of one data set and six of another, three quarters and one quarter of each batch."""
    return replace(crops, data_set=(torch.arange(18) >= 12).long(), weights=(3.0, 1.0))


def test_data_sets_give_each_batch_their_shares(mixed: CropSet) -> None:
    batches = Batches(mixed, 64, 8, 1, CALM)
    drawn = [batches[step] for step in range(6)]
    assert [batch.data_set.sum().item() for batch in drawn] == [2] * 6
    # Twelve crops make two batches of six, six crops three batches of two: each data set has its own epochs.
    large = [batch.identity[batch.data_set == 0] for batch in drawn]
    small = [batch.identity[batch.data_set == 1] for batch in drawn]
    for epoch in range(3):
        assert sorted(torch.cat(large[2 * epoch : 2 * epoch + 2]).tolist()) == list(range(12))
    for epoch in range(2):
        assert sorted(torch.cat(small[3 * epoch : 3 * epoch + 3]).tolist()) == list(range(12, 18))
    places = [batch.data_set.nonzero()[:, 0].tolist() for batch in drawn]
    assert len({tuple(place) for place in places}) > 1, "shuffled within the batch"


def test_a_mixed_batch_follows_from_seed_and_step_alone(mixed: CropSet) -> None:
    batches = Batches(mixed, 64, 8, 1, Augmentation(), 2)
    for step in (4, 0, 7):
        batch, again = batches[step], Batches(mixed, 64, 8, 1, Augmentation(), 2)[step]
        assert batch.identity.tolist() == [int(key.rpartition("_")[2]) for key in batches.keys(step)]
        assert torch.equal(batch.images, again.images)
        assert torch.equal(batch.data_set, again.data_set)


def test_a_data_set_with_fewer_crops_than_its_share(mixed: CropSet) -> None:
    with pytest.raises(ValueError, match="batch of 8 needs at least as many crops; there are 6"):
        Batches(replace(mixed, weights=(1.0, 1.0)), 64, 16, 1, CALM)


def test_without_weights_a_data_set_counts_by_its_size(mixed: CropSet) -> None:
    batches = Batches(replace(mixed, weights=None), 64, 6, 1, CALM)
    assert sorted(torch.cat([batches[step].identity for step in range(3)]).tolist()) == list(range(18))


def test_labels_of_video_and_affect_come_along(crops: CropSet) -> None:
    affect = torch.arange(36.0).view(18, 2) / 36
    labelled = replace(crops, video=torch.arange(18) + 100, valence_arousal=affect)
    batch = Batches(labelled, 64, 6, 1, replace(CALM, mirror=True))[1]
    assert torch.equal(batch.video, batch.identity + 100)
    assert torch.equal(batch.valence_arousal, affect[batch.identity])
