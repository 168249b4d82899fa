"""From bytes to aligned faces."""

import numpy as np
import pytest

from model.backend import Pixels
from model.faces.detector import load_detector
from model.images import ImageLimits
from tests.faces import draw_face, jpeg, png
from worker.aligner import AlignedFace, Aligner


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(load_detector, ImageLimits(), crop_size=64)


def photograph() -> Pixels:
    """A face of 900 pixels in a picture of 2400 by 3000."""
    canvas = np.full((2400, 3000, 3), 210, np.uint8)
    canvas[700:1600, 1500:2400] = draw_face(900, seed=3)
    return canvas


def the_face(aligner: Aligner, data: bytes) -> AlignedFace:
    [face] = aligner.faces(data, "auto", max_faces=1)
    return face


def test_a_large_jpeg_gives_the_face_of_the_whole_picture(aligner: Aligner) -> None:
    exact, fast = the_face(aligner, png(photograph())), the_face(aligner, jpeg(photograph(), 95))
    np.testing.assert_allclose(fast.detection.box, exact.detection.box, atol=0.03 * exact.frame.side)
    np.testing.assert_allclose(fast.frame.center, exact.frame.center, atol=0.03 * exact.frame.side)
    assert 1500 < fast.frame.center[0] < 2400
    assert 700 < fast.frame.center[1] < 1600
    assert np.abs(fast.crop.astype(int) - exact.crop).mean() < 8


def test_a_large_aligned_jpeg_is_one_face_in_its_own_pixels(aligner: Aligner) -> None:
    [face] = aligner.faces(jpeg(photograph(), 95), "none", max_faces=1)
    assert face.detection.box == pytest.approx((300, 0, 2400, 2400), abs=2)
    assert face.crop.shape == (64, 64, 3)
