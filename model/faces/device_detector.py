"""The project's own detector network on a GPU, which reduces pictures, looks at them and suppresses overlaps there."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.engine.graphs import SLOTS, Put, recorded_on_gpu
from model.engine.together import Together
from model.faces.detector import Detection, reduced
from model.faces.detector_checkpoint import bundled_detector, load_detector_network, read_detector
from model.faces.network_detector import joined, largest
from model.networks.detector_cells import MIN_SCORE, MIN_SIDE, POINTS, SMALLEST_FACE, looks, looks_at, seen_at
from model.networks.face_finder import FaceFinder, put_pictures, row_size

SIDES = {320: 16, 640: 16, 1920: 4}
"""Longest sides of the pictures that go to the device as they are, and how many of each go at a time.

No more than 32 threads decode, and two batches are under way. A large JPEG that is decoded for a model of 64 pixels has
less than the last side; what has more is reduced to it on the processors."""

Found = NDArray[np.float32]
"""`(looks, CANDIDATES, 15)`, as `FaceFinder` gives them."""


class DeviceDetector:
    """Finds what `NetworkDetector` finds; safe for any number of threads, whose pictures it looks at in batches."""

    name = "facet"
    shared = True

    def __init__(
        self,
        model: Path | None,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        min_score: float = MIN_SCORE,
        smallest_face: float = SMALLEST_FACE,
    ) -> None:
        """The bundled one, or that of a file, in a type of numbers; everything is recorded here.

        Raises InvalidCheckpoint if it is no detector.
        """
        path = model or bundled_detector()
        file = read_detector(path)
        self.id, self.card = file.id, file.card
        self._looks = looks(smallest_face)
        self.longest = self._looks[-1]
        self._runs: dict[int, Together[Pixels, Found]] = {}
        for side, most in SIDES.items():
            finder = FaceFinder(load_detector_network(path), side, looks_at(side, self._looks), min_score, dtype)
            finder = finder.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            run, lanes = _ready(finder, device, most)
            self._runs[side] = Together(run, most, lanes)

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many."""
        if min(image.shape[:2]) < MIN_SIDE:
            return []
        near, factor = reduced(image, max(SIDES))
        side = next(side for side in SIDES if max(near.shape[:2]) <= side)
        found: list[Detection] = []
        own = looks_at(max(near.shape[:2]), self._looks)
        for rows, longest in zip(self._runs[side](near), own, strict=False):
            found = joined(found, _faces(rows, near, longest))
            if at_most is not None and len(found) >= at_most:
                break
        return [each.scaled(factor) for each in largest(found, at_most)]


def _faces(rows: Found, image: Pixels, longest: int) -> list[Detection]:
    """The faces of one look at a picture, in its pixels, the surest first."""
    factor = max(image.shape[:2]) / max(seen_at(image.shape[0], image.shape[1], longest))
    faces = [
        Detection((x, y, width, height), score, np.array(points, np.float32).reshape(POINTS, 2)).scaled(factor)
        for score, x, y, width, height, *points in rows[rows[:, 0] > 0.0].tolist()
    ]
    return [each for each in faces if each.middle_in(image)]


def _ready(finder: FaceFinder, device: torch.device, most: int) -> tuple[Callable[[Sequence[Pixels]], Any], int]:
    """The finder as a function of up to `most` pictures, and how many threads may call it at a time."""
    put: Put = partial(put_pictures, side=finder.side, looks=finder.looks)
    row = torch.zeros(1, row_size(finder.side), dtype=torch.uint8)
    if device.type == "cuda":
        return recorded_on_gpu(finder, row, device, most, put), SLOTS

    def run(pictures: Sequence[Pixels]) -> Any:
        rows = np.zeros((len(pictures), row.shape[1]), np.uint8)
        put(rows, pictures)
        with torch.inference_mode():
            return finder(torch.from_numpy(rows)).numpy()

    return run, 1
