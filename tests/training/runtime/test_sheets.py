from pathlib import Path

import cv2
import numpy as np
import torch

from model.attributes import SPACES, Attribute
from tests.tiny import tiny_model
from training.runtime.sheets import autoencoder_sheet, save_picture, swap_sheet, to_pixels


def test_pixels_by_hand() -> None:
    images = torch.tensor([-1.5, -1.0, 0.0, 0.5, 1.0, 2.0]).reshape(1, 1, 1, 6).expand(1, 3, 1, 6)
    assert to_pixels(images)[0, 0, :, 1].tolist() == [0, 0, 128, 191, 255, 255]
    assert to_pixels(images.bfloat16()).shape == (1, 1, 6, 3)


def test_a_sheet_of_swaps_has_a_row_for_each_attribute() -> None:
    model, images = tiny_model(), torch.rand(3, 3, 64, 64) * 2 - 1
    sheet = swap_sheet(model, images)
    assert sheet.shape == ((2 + len(SPACES) + 1) * 64, 3 * 64, 3)
    with torch.no_grad():
        f, drawn = model.embed(images), to_pixels(model(images))
        taken = f[2].clone()
        taken[SPACES[Attribute.IDENTITY].slice] = f[0, SPACES[Attribute.IDENTITY].slice]
        swapped = to_pixels(model.render(taken[None]))[0].astype(int)
    np.testing.assert_array_equal(sheet[:64, 64:128], to_pixels(images[1:2])[0])
    np.testing.assert_array_equal(sheet[64:128, 128:], drawn[2])
    # Pose is the first attribute, identity the second; the last face takes the first one's.
    assert np.abs(sheet[192:256, 128:] - swapped).max() <= 1


def test_a_sheet_of_the_autoencoder_leaves_out_splitter_and_merger() -> None:
    model, images = tiny_model(), torch.rand(3, 3, 64, 64) * 2 - 1
    sheet = autoencoder_sheet(model, images)
    assert sheet.shape == (3 * 64, 3 * 64, 3)
    with torch.no_grad():
        drawn = to_pixels(model.decoder(model.encoder(images)))
    np.testing.assert_array_equal(sheet[64:128, :64], drawn[0])


def test_a_saved_picture_has_its_colours(tmp_path: Path) -> None:
    picture = np.zeros((4, 5, 3), np.uint8)
    picture[..., 0] = 200
    save_picture(tmp_path / "new" / "red.png", picture)
    loaded = cv2.imread(str(tmp_path / "new" / "red.png"))
    assert loaded is not None
    np.testing.assert_array_equal(loaded[..., ::-1], picture)
