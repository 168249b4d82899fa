"""From bytes to aligned faces."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from threading import Barrier

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from model.engine.backend import Pixels
from model.errors import NoFace
from model.faces.detector import Detection, Detector, load_detector
from model.images.decode import ImageLimits
from tests.faces import draw_face, jpeg, png, webp
from worker.local.aligner import PIXELS_AT_ONCE, AlignedFace, Aligner


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(load_detector, ImageLimits(), crop_size=64, drawing_size=128)


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


def test_a_jpeg_keeps_the_pixels_in_which_the_smallest_faces_are_looked_for() -> None:
    class Looked:
        """Keeps the sizes of what it is shown, and finds nothing."""

        name, shared = "looked", True

        def __init__(self, longest: int) -> None:
            self.longest = longest

        def detect(self, image: Pixels, _: int | None = None) -> list[Detection]:
            sizes.append(image.shape[:2])
            return []

    sizes = list[tuple[int, ...]]()
    for longest in (640, 1920):
        aligner = Aligner(partial(Looked, longest), ImageLimits(), crop_size=64, drawing_size=128)
        with pytest.raises(NoFace):
            aligner.faces(jpeg(np.full((2000, 3840, 3), 90, np.uint8)), "auto", max_faces=1)
    assert sizes == [(500, 960), (1000, 1920)]


def test_a_large_aligned_jpeg_is_one_face_in_its_own_pixels(aligner: Aligner) -> None:
    [face] = aligner.faces(jpeg(photograph(), 95), "none", max_faces=1)
    assert face.detection.box == pytest.approx((300, 0, 2400, 2400), abs=2)
    assert face.crop.shape == (64, 64, 3)


@pytest.mark.parametrize("write", [png, jpeg])
def test_a_crop_of_the_model_s_size_is_the_same_at_once(aligner: Aligner, write: Callable[[Pixels], bytes]) -> None:
    data = write(draw_face(64, seed=1))
    [[at_once]], [face] = aligner.at_once([data]), aligner.faces(data, "none", max_faces=1)
    assert (at_once.detection, at_once.frame) == (face.detection, face.frame)
    np.testing.assert_array_equal(at_once.crop, face.crop)


@pytest.mark.parametrize("write", [png, jpeg])
def test_a_crop_of_the_drawing_size_is_read_reduced_and_shown_as_it_is(
    aligner: Aligner, write: Callable[[Pixels], bytes]
) -> None:
    data = write(draw_face(128, seed=1))
    [[at_once]], [face] = aligner.at_once([data], show=True), aligner.faces(data, "none", 1, show=True)
    assert at_once.crop.shape == (64, 64, 3)
    np.testing.assert_array_equal(at_once.crop, face.crop)
    assert at_once.detection == face.detection
    shown = face.shown
    assert shown is not None
    np.testing.assert_array_equal(shown, aligner.picture(data))
    np.testing.assert_array_equal(at_once.shown, shown)
    averages = shown.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(face.crop, averages, atol=0.51)  # rounded


def test_a_face_of_a_photograph_is_shown_at_the_drawing_size(aligner: Aligner) -> None:
    data = jpeg(photograph(), 95)
    assert the_face(aligner, data).shown is None
    [face] = aligner.faces(data, "auto", 1, show=True)
    shown = face.shown
    assert shown is not None
    assert shown.shape == (128, 128, 3)
    assert np.abs(shown.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3)) - face.crop).mean() < 4


def test_what_is_no_such_crop_is_left_to_a_thread(aligner: Aligner) -> None:
    face = draw_face(64, seed=1)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    # Twelve kilobytes that unpack to ten million.
    bomb, metadata = BytesIO(), PngInfo()
    for number in range(10):
        metadata.add_text(f"bomb {number}", " " * 1_000_000, zip=True)
    Image.fromarray(face // 64 * 64).save(bomb, "PNG", pnginfo=metadata, optimize=True)
    assert len(bomb.getvalue()) < 3 * 64**2
    sizes = [face[:63], np.pad(face, ((0, 1), (0, 0), (0, 0))), draw_face(65, seed=1), draw_face(32, seed=1)]
    broken = [png(face)[:-40], jpeg(face)[:-40], b"", b"no picture"]
    for data in [*map(png, sizes), png(noise), png(face) + bytes(3 * 64**2), webp(face), bomb.getvalue(), *broken]:
        assert aligner.at_once([data]) == []
        assert len(aligner.at_once([jpeg(face), data, jpeg(face)])) == 1


def test_at_once_keeps_to_the_limits_of_all_pictures_and_to_its_own() -> None:
    data = png(draw_face(64, seed=1))
    for limits in [
        ImageLimits(max_bytes=len(data) - 1),
        ImageLimits(max_pixels=64**2 - 1),
        ImageLimits(min_side=65),
    ]:
        assert Aligner(load_detector, limits, crop_size=64, drawing_size=128).at_once([data]) == []
    most = PIXELS_AT_ONCE // 128**2
    assert (
        len(Aligner(load_detector, ImageLimits(), crop_size=64, drawing_size=128).at_once([data] * (most + 2))) == most
    )


class Blind:
    """Finds nothing; perhaps the one that all threads share."""

    name = "blind"

    def __init__(self, shared: bool) -> None:
        self.shared = shared

    def detect(self, _: Pixels, at_most: int | None = None) -> list[Detection]:
        return [][:at_most]


@pytest.mark.parametrize("shared", [True, False])
def test_threads_have_a_detector_each_or_the_one_that_is_shared(shared: bool) -> None:
    aligner = Aligner(lambda: Blind(shared), ImageLimits(), crop_size=64, drawing_size=128)
    together = Barrier(4)

    def mine(_: int) -> Detector:
        together.wait(30)
        assert aligner.detector is aligner.detector
        return aligner.detector

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(mine, range(4)))
    assert len(set(map(id, found))) == (1 if shared else 4)
