"""Descriptors of pictures are those that the loss sees of the same faces."""

from pathlib import Path

import numpy as np
import torch

from tests.training.drawn import crop_set
from tests.training.small_recognition import manifest
from training.evaluation.faces import still_crops
from training.export.descriptors import CHUNK, Descriptors, likeness_in
from training.losses.pictures.likeness import LikenessLoss
from training.runtime.sheets import to_pixels


def test_pictures_are_described_as_the_loss_sees_them() -> None:
    faces = torch.rand(CHUNK + 2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    pictures = to_pixels(faces)
    described = Descriptors(Path(manifest()))(pictures)
    assert described.shape == (CHUNK + 2, 6)
    rounded = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1.0
    torch.testing.assert_close(described, LikenessLoss(Path(manifest())).describe(rounded), rtol=1e-4, atol=1e-5)


def test_crops_are_described_as_they_were_found() -> None:
    crops = crop_set(5)
    describe, photographed = likeness_in(crops, Path(manifest()), 64)
    pictures = still_crops(crops, 64)[0]
    torch.testing.assert_close(photographed, describe(pictures))
    assert np.ptp(photographed.numpy(), axis=0).max() > 1e-3
