from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.drawn import crop_set, sample, samples
from training.data.augmentation import Augmentation
from training.data.batches import Batches
from training.data.canvases import EncodedCrops, load_canvases
from training.data.crops import fit_targets, load_crops
from training.data.regions import Region, encode
from training.data.shards import CROP_SIZE


def test_few_crops_are_decoded_and_many_stay_encoded() -> None:
    chosen = samples(5)
    size = 5 * 4 * 80 * 80
    decoded, encoded = load_canvases(chosen, 80, size), load_canvases(chosen, 80, size - 1)
    assert isinstance(decoded, torch.Tensor)
    assert isinstance(encoded, EncodedCrops)
    assert len(encoded) == 5
    assert torch.equal(encoded[torch.tensor([3, 0, 3])], decoded[[3, 0, 3]])
    assert torch.equal(encoded[1:4], decoded[1:4])
    assert encoded[5:].shape == (0, 4, 80, 80)


def test_batches_are_the_same_either_way() -> None:
    decoded = crop_set(18)
    encoded = replace(decoded, pixels=load_canvases(samples(18), 160, 0))
    one, other = (Batches(crops, 64, 6, 1, Augmentation(), 2)[4] for crops in (decoded, encoded))
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.reframed, other.reframed)
    assert torch.equal(torch.cat(list(encoded.chunks(7))), decoded.pixels)


def test_the_fourth_channel_is_the_regions_reduced() -> None:
    labels = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    labels[:, : CROP_SIZE // 4] = Region.FACE
    canvas = load_canvases([replace(sample(0), regions=encode(labels))], CROP_SIZE // 2)[0:1][0, 3]
    assert (canvas[:, : CROP_SIZE // 8] == Region.FACE).all()
    assert (canvas[:, CROP_SIZE // 8 :] == Region.INVENTED).all()


def test_a_crop_that_cannot_be_decoded_names_itself() -> None:
    broken = replace(sample(2), crop=b"no picture")
    with pytest.raises(ValueError, match=f"crop of {broken.key} cannot be decoded"):
        load_crops([sample(0), broken], 64, fit_targets([broken]))
    with pytest.raises(ValueError, match=f"crop of {broken.key} cannot be decoded"):
        load_canvases([sample(0), broken], 80, 0)[:]
