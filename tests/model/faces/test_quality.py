"""Each part of a face's quality is 1 where nothing is missing, and falls with what is."""

import math

import cv2
import numpy as np
import pytest

from model.engine.backend import Pixels
from model.faces.alignment import Frame, crop, frame_of
from model.faces.detector import Detection
from model.faces.quality import FACE, detection, likeness, likenesses, sharpness, size, turn
from tests.faces import draw_face

SEEDS = range(5)


def drawn(seed: int, side: int = 64) -> Pixels:
    """The frame of a drawn face of 200 pixels, as a detector with landmarks would place it."""
    points = np.array([[78, 92], [122, 92], [100, 120], [82, 147], [118, 147]], np.float32)
    return crop(draw_face(200, seed), frame_of(Detection((40.0, 30.0, 120.0, 150.0), 0.9, points)), side)


def noise(seed: int, side: int = 64) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def blurred(picture: Pixels, deviation: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.uint8) if deviation else picture


def enlarged(picture: Pixels, side: int) -> Pixels:
    """A picture without the detail that it loses at a smaller side."""
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, picture.shape[:2], interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize("seed", SEEDS)
def test_blurring_lowers_sharpness(seed: int) -> None:
    face = drawn(seed, 128)
    values = [sharpness(blurred(face, deviation)) for deviation in (0, 1, 2, 3, 4, 6, 8)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[4] < 0.87
    assert values[-1] < 0.45


@pytest.mark.parametrize("seed", SEEDS)
def test_an_enlarged_picture_is_not_sharp(seed: int) -> None:
    values = [sharpness(enlarged(drawn(seed), side)) for side in (64, 32, 16, 8)]
    assert values == sorted(values, reverse=True)
    assert values[3] < 0.5


def test_noise_is_not_sharp_however_much_of_it_there_is() -> None:
    assert all(sharpness(noise(seed)) < 0.1 for seed in SEEDS)
    flat = np.full((64, 64, 3), 128, np.uint8)
    assert sharpness(flat) == 0.0
    faint = np.random.default_rng(0).normal(128, 1, (64, 64, 3))
    assert sharpness(np.uint8(np.rint(faint))) < 0.25
    grainy = [np.clip(drawn(0) + np.random.default_rng(1).normal(0, much, (64, 64, 3)), 0, 255) for much in (40, 80)]
    assert sharpness(np.uint8(grainy[1])) < sharpness(np.uint8(grainy[0])) < sharpness(drawn(0))


def test_sharpness_hardly_depends_on_brightness_contrast_and_the_size_of_the_crop() -> None:
    face = blurred(drawn(0), 2.0)
    dim = np.asarray(np.rint(0.5 * face + 20), np.uint8)
    assert sharpness(dim) == pytest.approx(sharpness(face), abs=0.02)
    large = blurred(drawn(0, 128), 4.0)
    assert sharpness(large) == pytest.approx(sharpness(face), abs=0.05)


def test_shrinking_lowers_size_from_half_of_what_is_read_on() -> None:
    sides = (200.0, 64.0, 32.0, 24.0, 16.0, 8.0)
    assert [size(Frame((0, 0), side), 64) for side in sides] == [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    assert size(Frame((0, 0), 32.0), 128) == 0.5


def test_turning_away_lowers_turn_to_nothing_from_behind() -> None:
    degrees = [0, 10, 30, 60, 90, 120, 180]
    values = [turn(0.0, math.radians(angle)) for angle in degrees]
    assert values == pytest.approx([1.0, 0.985, 0.866, 0.5, 0.0, 0.0, 0.0], abs=1e-3)
    for angle in degrees:
        a = math.radians(angle)
        assert turn(0.0, a) == turn(0.0, -a) == turn(a, 0.0) == turn(-a, 0.0)
    assert turn(0.5, 0.5) == pytest.approx(turn(0.5, 0.0) * turn(0.0, 0.5))
    assert turn(math.pi, math.pi) == 0.0


def test_a_detector_that_is_less_sure_lowers_detection() -> None:
    values = [detection(Detection((0, 0, 1, 1), score)) for score in (1.0, 0.85, 0.68, 0.425, 0.0, -1.0)]
    assert values == pytest.approx([1.0, 1.0, 0.64, 0.25, 0.0, 0.0])


@pytest.mark.parametrize("seed", SEEDS)
def test_likeness_is_1_of_the_crop_itself_and_falls_as_the_drawing_departs(seed: int) -> None:
    face = drawn(seed)
    assert likeness(face, face) == 1.0
    values = [likeness(face, blurred(face, deviation)) for deviation in (0, 1, 2, 4, 8)]
    assert values == sorted(values, reverse=True)
    # A drawing may be larger than what was read; only the face counts.
    assert likeness(face, drawn(seed, 128)) > 0.97
    elsewhere = noise(seed)
    elsewhere[FACE] = face[FACE]
    assert likeness(face, elsewhere) == 1.0
    assert likeness(face, noise(seed)) < 0.05
    assert likeness(noise(seed), face) < 0.05
    assert likeness(np.full_like(face, 128), face) < 0.3
    assert likeness(face, 255 - face) == 0.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("half", [np.s_[:34], np.s_[34:], np.s_[:, :32], np.s_[:, 32:]])
def test_covering_half_of_a_face_lowers_likeness(seed: int, half: slice) -> None:
    drawing = blurred(drawn(seed), 1.0)  # what a model would draw of it
    covered = drawn(seed)
    covered[half] = 60
    assert likeness(covered, drawing) < 0.8 * likeness(drawn(seed), drawing)


def test_many_are_measured_as_one() -> None:
    crops, drawings = [drawn(seed) for seed in SEEDS], np.stack([blurred(drawn(seed), 1.0) for seed in SEEDS])
    expected = [likeness(one, other) for one, other in zip(crops, drawings, strict=True)]
    assert likenesses(crops, drawings) == expected
    with pytest.raises(ValueError, match="argument 2"):
        likenesses(crops, drawings[:-1])
