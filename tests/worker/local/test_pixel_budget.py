"""Pixels in flight, and the threads that decode them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.errors import FacetError, ImageTooLarge
from model.faces.detector import load_detector
from model.images.decode import ImageLimits, decode_reduced, pixels_of
from tests.faces import draw_face, jpeg, png, webp
from worker.local import aligner as alignment
from worker.local.aligner import Aligner
from worker.local.pixel_budget import PixelBudget, decoding_threads


class Gauge:
    """How much is held, and the most that was."""

    def __init__(self) -> None:
        self.most, self._now, self._lock = 0, 0, threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._now += count
            self.most = max(self.most, self._now)


def test_threads_hold_no_more_than_the_budget_together() -> None:
    budget, gauge = PixelBudget(100), Gauge()

    def hold(count: int) -> None:
        with budget.held(count):
            gauge.add(count)
            time.sleep(0.01)
            gauge.add(-count)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, [40, 60, 10, 90, 30, 30, 30, 100] * 4))
    assert 60 < gauge.most <= 100


def test_what_is_larger_than_the_budget_is_held_alone_and_in_its_turn() -> None:
    budget = PixelBudget(100)
    order: list[str] = []

    def large() -> None:
        with budget.held(150):
            order.append("large")

    def small() -> None:
        with budget.held(1):
            order.append("small")

    with ThreadPoolExecutor(2) as pool:
        with budget.held(50):
            first = pool.submit(large)
            time.sleep(0.05)
            second = pool.submit(small)
            time.sleep(0.05)
            assert order == []
        first.result(5)
        second.result(5)
    assert order == ["large", "small"]


def test_an_error_gives_the_room_back() -> None:
    budget = PixelBudget(10)
    with pytest.raises(ValueError, match="broken"), budget.held(10):
        raise ValueError("broken")
    with budget.held(10):
        pass


def test_photographs_are_decoded_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve threads, and room for two of their pictures."""
    gauge = Gauge()

    def noting(data: bytes, limits: ImageLimits, side: int | None) -> tuple[alignment.Pixels, float]:
        pixels, factor = decode_reduced(data, limits, side)
        gauge.add(pixels.size // 3)
        time.sleep(0.02)
        gauge.add(-(pixels.size // 3))
        return pixels, factor

    monkeypatch.setattr(alignment, "decode_reduced", noting)
    picture = png(draw_face(200))
    budget = PixelBudget(2 * 200**2)
    aligner = Aligner(load_detector, ImageLimits(), crop_size=64, drawing_size=128, budget=budget)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: aligner.faces(picture, "none", 1), range(24)))
    assert gauge.most == 2 * 200**2


@pytest.mark.parametrize("write", [png, jpeg, webp])
@pytest.mark.parametrize("side", [None, 100, 200, 400])
def test_the_pixels_are_counted_before_they_are_there(write: type, side: int | None) -> None:
    data = write(np.pad(draw_face(400), ((0, 0), (0, 200), (0, 0))))
    pixels, _ = decode_reduced(data, ImageLimits(), side)
    assert pixels_of(data, ImageLimits(), side) == pixels.shape[0] * pixels.shape[1]


def test_a_picture_that_may_not_be_decoded_takes_no_room() -> None:
    with pytest.raises(ImageTooLarge):
        pixels_of(png(draw_face(100)), ImageLimits(max_pixels=99 * 100), None)
    for damaged in (b"", b"GIF89a", png(draw_face(100))[:20], jpeg(draw_face(100))[:20]):
        with pytest.raises(FacetError) as ours:
            pixels_of(damaged, ImageLimits(), None)
        with pytest.raises(FacetError) as theirs:
            decode_reduced(damaged, ImageLimits(), None)
        assert (ours.type, ours.value.message) == (theirs.type, theirs.value.message)


@pytest.mark.parametrize(("share", "beside_networks", "beside_a_gpu"), [(1, 1, 5), (4, 4, 8), (64, 32, 32)])
def test_there_are_threads_for_the_process_s_share_of_the_processors(
    monkeypatch: pytest.MonkeyPatch, share: int, beside_networks: int, beside_a_gpu: int
) -> None:
    monkeypatch.setattr("worker.local.pixel_budget.processors", lambda: share)
    assert (decoding_threads(True), decoding_threads(False)) == (beside_networks, beside_a_gpu)
