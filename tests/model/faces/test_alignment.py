import math

import cv2
import numpy as np
import pytest

from model.engine.backend import Pixels
from model.faces.alignment import (
    LIFT_PER_FACE,
    MAX_ROLL,
    SIDE_PER_BOX,
    SIDE_PER_FACE,
    Frame,
    crop,
    frame_of,
    paste,
    whole_frame,
)
from model.faces.detector import Detection
from tests.faces import draw_face

UPRIGHT = np.array([[-20.0, -20.0], [20.0, -20.0], [0.0, 5.0], [-15.0, 20.0], [15.0, 20.0]])
"""Landmarks about (0, 0), 40 pixels from eye to eye and from the eyes to the mouth."""


def face(
    center: tuple[float, float] = (100.0, 120.0),
    tilt: float = 0.0,
    across: float = 1.0,
    down: float = 1.0,
) -> Detection:
    """Landmarks about a centre, tilted clockwise by degrees."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    points = UPRIGHT * [across, down] @ np.array([[cos, sin], [-sin, cos]]) + center
    return Detection((0, 0, 1, 1), 1.0, points.astype(np.float32))


def smooth(height: int, width: int) -> Pixels:
    """A picture whose colours change slowly, so that resampling changes them little."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 100 * np.sin(x / 9), 127 + 100 * np.cos(y / 11), 127 + 100 * np.sin((x + y) / 13)]
    return np.stack(waves, axis=-1).round().astype(np.uint8)


def through(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ transform[:, :2].T + transform[:, 2])


def test_an_upright_face_is_framed_as_the_constants_say() -> None:
    frame = frame_of(face())
    assert frame.side == pytest.approx(SIDE_PER_FACE * 40)
    assert frame.center == pytest.approx((100, 120 - LIFT_PER_FACE * 40))
    assert frame.rotation == 0.0


@pytest.mark.parametrize(("across", "down"), [(0.4, 1.0), (1.0, 0.4)])
def test_turning_or_nodding_shortens_one_length_and_keeps_the_size(across: float, down: float) -> None:
    assert frame_of(face(across=across, down=down)).side == pytest.approx(SIDE_PER_FACE * 40)


@pytest.mark.parametrize("tilt", [-29, -10, 10, 29])
def test_a_small_tilt_stays_in_the_crop(tilt: float) -> None:
    frame = frame_of(face(tilt=tilt))
    assert frame.rotation == pytest.approx(0.0, abs=1e-6)
    assert frame.center == pytest.approx((100, 112), abs=1e-4)


@pytest.mark.parametrize(("tilt", "turned"), [(50, 20), (-50, -20), (90, 60), (-170, -140)])
def test_a_large_tilt_is_turned_back_to_the_largest_that_stays(tilt: float, turned: float) -> None:
    detection = face(tilt=tilt)
    frame = frame_of(detection)
    assert math.degrees(frame.rotation) == pytest.approx(turned, abs=1e-3)
    assert detection.landmarks is not None
    left, right, *_ = through(frame.to_crop(64), detection.landmarks)
    assert math.atan2(right[1] - left[1], right[0] - left[0]) == pytest.approx(math.copysign(MAX_ROLL, tilt), abs=1e-4)


def test_landmarks_in_one_point_give_a_frame_with_an_area() -> None:
    assert frame_of(face(across=0.0, down=0.0)).side == pytest.approx(SIDE_PER_FACE)


def test_a_box_without_landmarks_is_framed_about_its_middle() -> None:
    frame = frame_of(Detection((10.0, 20.0, 100.0, 100.0), 1.0))
    assert frame == Frame((59.5, 69.5), SIDE_PER_BOX * 100)


@pytest.mark.parametrize("rotation", [0.0, 0.4, -2.0])
def test_to_crop_maps_centre_and_corners(rotation: float) -> None:
    frame, size = Frame((50.0, 70.0), 80.0, rotation), 64
    right = np.array([math.cos(rotation), math.sin(rotation)])
    below = np.array([-math.sin(rotation), math.cos(rotation)])
    # The crop's first and last pixel centres lie half a crop pixel inside the frame.
    reach = 40.0 * (size - 1) / size
    corners = [reach * (a * right + b * below) for a in (-1, 1) for b in (-1, 1)]
    points = np.add((50.0, 70.0), np.stack([np.zeros(2), *corners]))
    expected = np.array([[31.5, 31.5], [0, 0], [0, 63], [63, 0], [63, 63]])
    np.testing.assert_allclose(through(frame.to_crop(size), points), expected, atol=1e-9)


def test_a_crop_at_the_pictures_own_scale_is_a_part_of_it() -> None:
    image = smooth(120, 150)
    np.testing.assert_array_equal(crop(image, Frame((20 + 31.5, 40 + 31.5), 64.0), 64), image[40:104, 20:84])


def test_a_quarter_turn_is_exact() -> None:
    image = smooth(100, 100)
    turned = crop(image, Frame((49.5, 49.5), 64.0, math.pi / 2), 64)
    # The frame turns clockwise, so what it shows turns the other way.
    np.testing.assert_allclose(turned.astype(int), np.rot90(image[18:82, 18:82], 1), atol=2)


@pytest.mark.parametrize("scale", [2, 8])
def test_the_crop_does_not_depend_on_the_pictures_size(scale: int) -> None:
    image = np.asarray(cv2.GaussianBlur(draw_face(200), (0, 0), 1.5), np.uint8)
    large = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    frame = Frame((98.0, 103.0), 110.0, 0.2)
    center = (scale * (98.0 + 0.5) - 0.5, scale * (103.0 + 0.5) - 0.5)
    difference = crop(large, Frame(center, scale * 110.0, 0.2), 64).astype(int) - crop(image, frame, 64)
    assert np.abs(difference).mean() < 1.0
    assert np.abs(difference).max() < 20


def test_reducing_averages_where_a_warp_alone_would_pick_pixels() -> None:
    chequered = (np.indices((1024, 1024)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = np.repeat(chequered[..., None], 3, axis=2)
    assert np.abs(crop(image, Frame((511.5, 511.5), 900.0), 64).astype(int) - 127).max() <= 8


@pytest.mark.parametrize("rotation", [0.0, 0.3])
@pytest.mark.parametrize("times", [1.1, 1.5, 2.3, 2.5, 3.3, 4.1, 4.9, 10.2])
def test_each_pixel_is_nearly_the_mean_of_what_it_covers(times: float, rotation: float) -> None:
    noise = np.random.default_rng(0).normal(0.0, 20.0, (1000, 1000, 3))
    picture = np.clip(cv2.resize(draw_face(200), (1000, 1000), interpolation=cv2.INTER_CUBIC) + noise, 0, 255)
    frame = Frame((491.3, 506.8), times * 64, rotation)
    finely = cv2.warpAffine(picture, frame.to_crop(16 * 64), (16 * 64, 16 * 64), borderMode=cv2.BORDER_REPLICATE)
    means = cv2.resize(finely, (64, 64), interpolation=cv2.INTER_AREA)
    difference = np.abs(crop(picture.round().astype(np.uint8), frame, 64) - means)
    # Sampled singly the noise would make a difference of 2.6 at the first and of 10.6 at the last of these sizes.
    assert difference.mean() < 1.4


@pytest.mark.parametrize(
    ("shape", "center", "side"),
    [((60, 100), (49.5, 29.5), 60.0), ((101, 40), (19.5, 50.0), 40.0), ((7, 7), (3, 3), 7.0)],
)
def test_the_whole_frame_is_the_largest_centred_square(
    shape: tuple[int, int], center: tuple[float, float], side: float
) -> None:
    assert whole_frame(np.zeros((*shape, 3), np.uint8)) == Frame(center, side)


def test_a_crop_of_twice_the_size_is_averaged_by_blocks_of_four() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    blocks = picture.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop(picture, whole_frame(picture), 32), blocks, atol=0.5)


def test_the_whole_frame_of_a_crop_is_the_crop() -> None:
    image = smooth(64, 64)
    np.testing.assert_array_equal(crop(image, whole_frame(image), 64), image)


@pytest.mark.parametrize("side", [30.0, 64.0, 400.0])
@pytest.mark.parametrize("center", [(-500.0, 50.0), (5000.0, 50.0), (50.0, -1e6), (50.0, 1e6)])
def test_a_frame_wholly_outside_shows_the_border(center: tuple[float, float], side: float) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[0], image[-1], image[:, 0], image[:, -1] = 10, 20, 30, 40
    shown = crop(image, Frame(center, side), 64)
    border = 30 if center[0] < 0 else 40 if center[0] > 100 else 10 if center[1] < 0 else 20
    middle = shown[28:36, 28:36]
    assert np.abs(middle.astype(int) - border).max() <= 1
    np.testing.assert_array_equal(paste(image, np.full((64, 64, 3), 255, np.uint8), Frame(center, side)), image)


def test_a_frame_partly_outside_repeats_the_border() -> None:
    image = smooth(100, 100)
    shown = crop(image, Frame((-0.5, 49.5), 64.0), 64)
    np.testing.assert_array_equal(shown[:, 32:], image[18:82, :32])
    np.testing.assert_array_equal(shown[:, :32], np.repeat(image[18:82, :1], 32, axis=1))


@pytest.mark.parametrize("shape", [(16, 20_000), (20_000, 16), (16, 40_000), (40_000, 16), (1, 3)])
@pytest.mark.parametrize("side", [8.0, 16.0, 1000.0])
def test_long_thin_pictures(shape: tuple[int, int], side: float) -> None:
    image = np.full((*shape, 3), 50, np.uint8)
    image[:, shape[1] // 2 :] = 200
    middle = whole_frame(image).center
    frame = Frame(middle, side)
    shown = crop(image, frame, 64)
    if shape[1] > 16:
        assert (int(shown[:, :20].max()), int(shown[:, -20:].min())) == (50, 200)
    drawn = paste(image, np.full((64, 64, 3), 255, np.uint8), frame)
    assert drawn.shape == image.shape
    assert drawn[shape[0] // 2, shape[1] // 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    "frame", [Frame((80.0, 70.0), 60.0), Frame((75.3, 66.1), 47.0, 0.3), Frame((60.0, 60.0), 64.0)]
)
def test_pasting_a_crop_back_gives_the_picture_again(frame: Frame) -> None:
    image = smooth(140, 160)
    again = paste(image, crop(image, frame, 64), frame)
    assert np.abs(again.astype(int) - image).max() <= 6


def test_pasting_changes_nothing_outside_the_frame_and_all_of_its_middle() -> None:
    image, frame = smooth(140, 160), Frame((70.0, 80.0), 50.0, 0.5)
    before = image.copy()
    pasted = paste(image, np.full((64, 64, 3), 255, np.uint8), frame)
    np.testing.assert_array_equal(image, before)
    y, x = np.mgrid[:140, :160]
    places = through(frame.to_crop(64), np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(140, 160, 2)
    outside = (places < -1).any(axis=2) | (places > 64).any(axis=2)
    inside = ((places > 8) & (places < 55)).all(axis=2)
    np.testing.assert_array_equal(pasted[outside], image[outside])
    assert (pasted[inside] == 255).all()


def test_a_paste_is_blended_at_the_edge() -> None:
    image, frame = np.zeros((100, 100, 3), np.uint8), Frame((49.5, 49.5), 64.0)
    row = paste(image, np.full((64, 64, 3), 255, np.uint8), frame)[50, 18:50, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    # Half a pixel into a ramp of 0.12 · 64 = 7.68 pixels: 0.5 / 7.68 of 255.
    assert row[:2].tolist() == [17, 50]
    assert row[8] == 255


def test_a_frame_of_a_reduced_picture_shows_the_same_in_the_original() -> None:
    picture = smooth(400, 600)
    reduced = cv2.resize(picture, (150, 100), interpolation=cv2.INTER_AREA)
    found = face((70.0, 50.0), tilt=40.0)
    frame = frame_of(found)
    again = frame_of(found.scaled(4.0))
    assert (again.side, again.rotation) == pytest.approx((frame.scaled(4.0).side, frame.rotation))
    assert again.center == pytest.approx(frame.scaled(4.0).center, abs=1e-3)
    difference = crop(picture, frame.scaled(4.0), 128).astype(int) - crop(reduced, frame, 128)
    assert np.abs(difference).mean() < 2
    assert found.scaled(4.0).box == (0, 0, 4, 4)
    assert frame.scaled(1.0) == frame
