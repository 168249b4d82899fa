"""What the detector does on a device is what OpenCV and the network do on the processors."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from model.faces.detector import Detection
from model.faces.detector import reduced as reduced_by_opencv
from model.faces.network_detector import looked_at, suppressed
from model.networks import face_finder
from model.networks.detector_cells import seen_at
from model.networks.face_finder import HEADER, put_pictures, resized, row_size, surest
from tests.training.waits import waits

torch.set_num_threads(1)


@pytest.mark.parametrize("shape", [(320, 320), (500, 640), (640, 97), (321, 321), (640, 640), (17, 600), (32, 640)])
@pytest.mark.parametrize(("dtype", "rounded"), [(torch.float32, 0.01), (torch.float16, 1 / 8)])
def test_pictures_are_reduced_as_opencv_does(shape: tuple[int, int], dtype: torch.dtype, rounded: float) -> None:
    """But for a rounding to the next number; float16 has eighths from 128 on."""
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    expected, _ = reduced_by_opencv(picture, 320)
    height, width = expected.shape[:2]
    assert seen_at(*shape, 320) == (height, width)
    square = np.full((1, 640, 640, 3), 255, np.uint8)
    square[0, : shape[0], : shape[1]] = picture
    sizes = torch.tensor([shape]), torch.tensor([(height, width)])
    got = resized(torch.from_numpy(square).to(dtype), *sizes, 320)[0].permute(1, 2, 0).float().numpy()
    difference = np.abs(got[:height, :width] - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < rounded


@pytest.mark.parametrize("shape", [(416, 416), (321, 400), (33, 500), (639, 640), (640, 640)])
def test_pictures_are_enlarged_as_opencv_does(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    expected = looked_at(picture, 640)
    assert max(expected.shape) == 640
    square = np.full((1, 640, 640, 3), 255, np.uint8)
    square[0, : shape[0], : shape[1]] = picture
    sizes = torch.tensor([shape]), torch.tensor([expected.shape[:2]])
    got = resized(torch.from_numpy(square).float(), *sizes, 640)[0].permute(1, 2, 0).numpy()
    difference = np.abs(got[: expected.shape[0], : expected.shape[1]] - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.15  # OpenCV's weights have 11 bits


def test_nothing_of_it_waits_for_the_device_as_a_recording_must_not() -> None:
    assert waits(Path(face_finder.__file__).read_text()) == []


def test_a_row_holds_a_picture_and_its_sizes() -> None:
    rows = np.zeros((2, row_size(640)), np.uint8)
    pictures = [np.random.default_rng(n).integers(0, 256, shape, np.uint8) for n, shape in enumerate(SHAPES)]
    put_pictures(rows, pictures, 640, (320, 640))
    assert rows[:, :HEADER].view(np.int32)[:, :6].tolist() == [[640, 480, 320, 240, 640, 480], [20, 30] * 3]
    for row, picture in zip(rows, pictures, strict=True):
        lies = row[HEADER:].reshape(640, 640, 3)
        np.testing.assert_array_equal(lies[: picture.shape[0], : picture.shape[1]], picture)


SHAPES = [(640, 480, 3), (20, 30, 3)]


@pytest.mark.parametrize("seed", range(5))
def test_overlapping_boxes_are_suppressed_as_opencv_does(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    corner, size = numbers.uniform(0, 200, (2, 300, 2)), numbers.uniform(20, 60, (2, 300, 2))
    scores = np.sort(numbers.uniform(0.5, 1, (2, 300)))[:, ::-1]
    faces = scores > 0.6
    boxes = torch.from_numpy(np.concatenate([corner, corner + size], axis=-1)).float()
    kept = surest(boxes, torch.from_numpy(faces))
    for picture in range(2):
        known = [
            Detection((*corner[picture, n].tolist(), *size[picture, n].tolist()), scores[picture, n])
            for n in np.flatnonzero(faces[picture])
        ]
        expected = [each.score for each in suppressed(known)]
        assert scores[picture][kept[picture].numpy()].tolist() == expected
        assert 5 < len(expected) < len(known)


def test_what_a_suppressed_box_overlaps_stays() -> None:
    rows = [(10.0 * n, 0.0, 10.0 * n + 20.0, 20.0) for n in range(12)]  # each overlaps the next by a third
    wider = [(x, y, right + 2.0, below) for x, y, right, below in rows]
    boxes = torch.tensor([wider])
    assert cv2.dnn.NMSBoxes([(x, y, r - x, b - y) for x, y, r, b in wider], [1.0] * 12, 0.0, 0.35).tolist() == [
        *range(0, 12, 2)
    ]
    assert surest(boxes, torch.ones(1, 12, dtype=torch.bool))[0].tolist() == [True, False] * 6
