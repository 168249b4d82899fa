"""Finding faces as threads that decode photographs ask for it: on the device, beside ONNX Runtime on the processors."""

import os
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from threading import local
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gpu.task import Row, Rows, Skipped, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.engine.backend import Pixels
    from model.faces.detector import Detector

NEEDED = ("cv2", "onnxruntime", "safetensors")
PICTURES = ((250, 250), (480, 640), (1200, 1600))
"""Heights and widths, in pixels: one of each kind that goes to the device by itself."""
MORE_THREADS = 4
"""Than processors, as the service has them."""


def photographs(task: Task) -> Rows:
    """Photographs a second by size, many threads at once and one alone, with one face asked for."""
    if lacking := [name for name in NEEDED if find_spec(name) is None]:
        raise Skipped(f"not installed: {', '.join(lacking)}")
    # Imported late: without the packages above it is said that they are missing.
    import torch

    from model.engine.device import choose_device, choose_precision
    from model.faces.device_detector import DeviceDetector
    from model.faces.network_detector import NetworkDetector

    own, threads = local(), 2 if task.tiny else (os.cpu_count() or 1) + MORE_THREADS
    begun = perf_counter()
    device = choose_device(task.device)
    shared = DeviceDetector(None, device, torch.float32 if task.tiny else choose_precision("auto", device))
    yield {"where": "device", "seconds to load": perf_counter() - begun}

    def on_processors() -> "Detector":
        if not hasattr(own, "detector"):
            own.detector = NetworkDetector()
        found: Detector = own.detector
        return found

    for height, width in PICTURES[:2] if task.tiny else PICTURES:
        noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        for where, detector in (("device", lambda: shared), ("processors", on_processors)):
            for count in (threads, 1):
                yield _asked(task, detector, noise, count) | {"pixels": f"{width}×{height}", "where": where}
            if task.left < 0:
                return


def _asked(task: Task, detector: "Callable[[], Detector]", picture: "Pixels", threads: int) -> Row:
    """How many pictures threads get through together, and what one waits, in milliseconds."""

    def ask(_: int) -> int:
        count, begun = 0, perf_counter()
        while count < 1 or perf_counter() - begun < task.each:
            detector().detect(picture, 1)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: detector().detect(picture, 1), range(threads)))
        begun = perf_counter()
        done = sum(pool.map(ask, range(threads)))
        seconds = perf_counter() - begun
    return {"threads": threads, "a second": done / seconds, "milliseconds": 1000 * threads * seconds / done}
