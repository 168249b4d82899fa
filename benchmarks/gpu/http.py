"""The service over HTTP with its networks and its detector on the device: crops, and photographs to find a face in."""

import importlib.util
import tempfile
import time
from pathlib import Path

from benchmarks.gpu.task import Row, Rows, Skipped, Task

NEEDED = ("cv2", "fastapi", "faiss", "httpx", "orjson", "pydantic_settings", "safetensors", "uvloop")
"""What the service and its callers need; PyTorch's own images do not bring it."""
LOADS = {"crops, 16 a request": (16, 16), "crops, 1 a request": (128, 1), "photographs": (128, 1)}
"""Callers at a time, and pictures in a request."""


def missing() -> list[str]:
    """What is needed and not installed."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def requests(task: Task) -> Rows:
    """Pictures a second with many callers, the milliseconds that one waits, and where photographs spend their time."""
    if lacking := missing():
        raise Skipped(f"not installed: {', '.join(lacking)}")
    # Imported late: without the packages above it is said that they are missing.
    from benchmarks.http import ALIGNED, WHOLE, aligned_pictures, photographs, stage_seconds
    from benchmarks.tools.dummy_service import service
    from benchmarks.tools.load_generator import Callers, Measure, multipart, raw

    settings = {"FACET_DEVICE": task.device, "FACET_MAX_BATCH": "256", "FACET_MAX_QUEUE": "4096"}
    settings |= {"FACET_MAX_REQUESTS": str(10**9)}
    small, whole = aligned_pictures(), photographs()
    kinds = [[multipart(ALIGNED, small)], [raw(ALIGNED, each) for each in small], [raw(WHOLE, each) for each in whole]]
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), settings, "dummy" if task.tiny else "") as running,
        Callers.started() as callers,
    ):
        yield {"requests": "start", "seconds": running.ready_since - begun}
        seconds = 0.2 if task.tiny else max(2.0, min(8.0, task.left / 8))

        def row(name: str, pictures: int, measure: Measure) -> Row:
            rate = measure.per_second * pictures
            return {"requests": name, "a second": rate, "median ms": measure.median_ms, "95 % ms": measure.p95_ms}

        for (name, (callers_at_once, pictures)), asking in zip(LOADS.items(), kinds, strict=True):
            count = 2 if task.tiny else callers_at_once
            callers.ask(running.url, asking, count, seconds / 4)
            before = stage_seconds(running.url)
            measure = callers.ask(running.url, asking, count, seconds)
            yield row(name, pictures, measure)
        # Of the last load, the photographs: seconds of all threads together.
        for stage, spent in stage_seconds(running.url).items():
            spent_ms = 1000 * (spent - before[stage]) / measure.answers
            yield {"requests": f"photographs, {stage}", "ms of threads a picture": spent_ms}
        for name, asking in (("one crop, alone", kinds[1]), ("one photograph, alone", kinds[2])):
            yield row(name, 1, callers.ask(running.url, asking, 1, seconds / 2))
