import numpy as np
import pytest

from model.faces.alignment import Frame
from training.data.regions import Region, decode, encode, outline, photographed, regions

NOISE = np.random.default_rng(0).integers(60, 200, (80, 100, 3)).astype(np.uint8)


def test_a_plain_photograph_is_photographed_everywhere() -> None:
    assert photographed(NOISE).all()
    assert photographed(np.full((50, 50, 3), 255, np.uint8)).all()  # a white wall repeats nothing


def test_black_corners_are_not_photographed_and_black_hair_is() -> None:
    image = NOISE.copy()
    for row in range(20):
        image[row, : 20 - row] = 0
    image[40:50, 40:60] = 3
    real = photographed(image)
    assert not real[0, :20].any()
    assert not real[:20, 0].any()
    assert real[0, 20]
    assert real[40:50, 40:60].all()
    assert real.sum() == real.size - 210


@pytest.mark.parametrize("side", range(4))
def test_a_repeated_border_is_not_photographed(side: int) -> None:
    image = np.rot90(NOISE, side).copy()
    image[:9] = image[9]
    real = photographed(np.rot90(image, -side).copy())
    edge = np.rot90(real, side)
    assert not edge[:9].any()
    assert edge[9:].all()


def test_regions_lie_in_the_crop_as_they_do_in_the_picture() -> None:
    # The crop shows columns 20 to 99 and rows 0 to 79 at their own size, and 20 columns beyond the picture.
    canvas = Frame((69.5, 39.5), 100.0)
    face = np.array([[30, 30], [60, 30], [60, 70], [30, 70]])
    eye = np.array([[40, 40], [45, 40], [45, 44], [40, 44]])
    labels = regions(NOISE, canvas, 100, face, [eye])
    assert (labels[:9] == Region.INVENTED).all()
    assert (labels[:, 82:] == Region.INVENTED).all()
    assert labels[30, 30] == labels[70, 60] == labels[50, 50] == Region.FACE
    assert labels[42, 42] == Region.FEATURES
    assert labels[20, 10] == labels[75, 50] == Region.PHOTOGRAPHED


def test_the_average_face_stands_in_where_there_are_no_landmarks() -> None:
    points = outline()
    np.testing.assert_allclose([points.min(axis=0), points.max(axis=0)], [[0.2, 0.14], [0.8, 0.92]], atol=1e-6)
    labels = regions(NOISE, Frame((49.5, 39.5), 80.0), 100, 100 * points, [])
    assert (labels == Region.FACE).mean() == pytest.approx(np.pi * 0.3 * 0.39, abs=0.01)
    assert labels[53, 50] == Region.FACE
    assert labels[5, 5] == Region.PHOTOGRAPHED


def test_a_face_that_reaches_beyond_the_picture_counts_nothing_there() -> None:
    labels = regions(NOISE, Frame((49.5, 39.5), 120.0), 120, np.array([[-5, 0], [119, 0], [119, 119], [-5, 119]]), [])
    assert labels[0, 60] == Region.INVENTED
    assert labels[60, 60] == Region.FACE


def test_they_survive_as_png() -> None:
    labels = np.random.default_rng(1).choice(list(map(int, Region)), (40, 40)).astype(np.uint8)
    assert np.array_equal(decode(encode(labels)), labels)
    with pytest.raises(ValueError, match="prepare its shard again"):
        decode(b"no picture")
