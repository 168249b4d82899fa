"""On a device the detector finds what it finds on the processors, whatever shares a batch."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from model.engine.backend import Pixels, Precision
from model.faces.detector import Detection, load_detector
from model.faces.detector_checkpoint import bundled_detector
from model.faces.device_detector import SIDES, DeviceDetector
from model.faces.network_detector import NetworkDetector
from tests.faces import draw_face

torch.set_num_threads(1)

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def scene(height: int, width: int, *faces: tuple[int, int, int]) -> Pixels:
    """A grey picture with drawn faces of a side at places."""
    picture = np.full((height, width, 3), 90, np.uint8)
    for seed, (side, x, y) in enumerate(faces):
        part = draw_face(side, seed)[: height - y, : width - x]
        picture[y : y + part.shape[0], x : x + part.shape[1]] = part
    return picture


PICTURES = [
    scene(200, 200, (200, 0, 0)),
    scene(97, 130, (97, 33, 0)),
    scene(320, 320, (150, 160, 170), (150, 0, 0)),
    scene(400, 640, (320, 300, 60)),
    scene(640, 500, (120, 370, 500), (60, 20, 20), (90, 200, 300)),
    scene(1500, 1100, (900, 150, 500)),
    scene(700, 2500, (650, 1700, 30)),
    scene(300, 300),
    scene(12, 400),
]


@pytest.fixture(scope="module")
def detector() -> DeviceDetector:
    return DeviceDetector(None, torch.device("cpu"))


def agree(found: list[Detection], expected: list[Detection], pixels: float, score: float) -> None:
    """Hold the same faces in the same order to each other."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.score == pytest.approx(other.score, abs=score)
        assert one.box == pytest.approx(other.box, abs=pixels)
        assert one.landmarks is not None
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=pixels)


@pytest.mark.parametrize("at_most", [None, 1])
def test_the_same_faces_are_found(detector: DeviceDetector, at_most: int | None) -> None:
    reference = NetworkDetector()
    counts = []
    for picture in PICTURES:
        expected = reference.detect(picture, at_most)
        agree(detector.detect(picture, at_most), expected, 1.0, 1e-3)
        counts.append(len(expected))
    assert max(counts[:7]) >= (2 if at_most is None else 1)
    assert counts[7:] == [0, 0]
    assert sum(count > 0 for count in counts) >= 5


def test_smaller_faces_are_found_where_they_are_asked_for() -> None:
    picture = scene(1400, 1900, (900, 500, 300), *((44, 60 + 90 * place, 40) for place in range(6)))
    small, usual = ([each(share) for each in (on_processors, on_device)] for share in (1 / 60, 1 / 25))
    found = [len(detector.detect(picture)) for detector in (*small, *usual)]
    assert found[0] == found[1] == 7
    assert found[2] == found[3] < 7
    agree(small[1].detect(picture), small[0].detect(picture), 1.0, 1e-3)
    assert len(small[0].detect(picture, 1)) == len(small[1].detect(picture, 1)) == 1


def on_processors(share: float) -> NetworkDetector:
    return NetworkDetector(smallest_face=share)


def on_device(share: float) -> DeviceDetector:
    return DeviceDetector(None, torch.device("cpu"), smallest_face=share)


def test_what_shares_a_batch_changes_nothing(detector: DeviceDetector) -> None:
    alone = [detector.detect(picture) for picture in PICTURES]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(detector.detect, PICTURES * 2))
    for one, other in zip(found, alone * 2, strict=True):
        agree(one, other, 0.01, 1e-5)


def test_it_is_the_bundled_one_and_all_threads_share_it(detector: DeviceDetector) -> None:
    assert (detector.name, detector.id, detector.shared) == ("facet", NetworkDetector().id, True)
    assert bundled_detector().is_file()
    assert all(side % 32 == 0 for side in SIDES)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_without_a_gpu_the_processors_find_faces(device: str) -> None:
    if device == "auto" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    assert isinstance(load_detector(device=device), NetworkDetector)


@pytest.mark.parametrize(("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_on_a_gpu_it_has_the_precision_of_the_model(
    monkeypatch: pytest.MonkeyPatch, precision: Precision, dtype: torch.dtype
) -> None:
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr("model.engine.device.choose_device", lambda _: gpu)
    monkeypatch.setattr("model.faces.device_detector.DeviceDetector", lambda *given, **_: given)
    assert load_detector(device="cuda", precision=precision) == (None, gpu, dtype)


@on_a_gpu
def test_on_a_gpu_it_is_the_default_and_threads_share_its_batches() -> None:
    detector = load_detector(device="cuda")
    assert isinstance(detector, DeviceDetector)
    reference = NetworkDetector()
    with ThreadPoolExecutor(12) as threads:
        for picture, found in zip(PICTURES * 8, threads.map(detector.detect, PICTURES * 8), strict=True):
            agree(found, reference.detect(picture), 2.0, 1e-2)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=on_a_gpu)])
def test_in_16_bits_the_same_faces_are_found(device: str) -> None:
    half = DeviceDetector(None, torch.device(device, 0 if device == "cuda" else None), torch.float16)
    for picture in PICTURES[:5]:
        agree(half.detect(picture), NetworkDetector().detect(picture), 1.0, 5e-3)
