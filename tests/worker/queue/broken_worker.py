"""A worker whose device fails for good at one picture, as a GPU does: `python -m ... --redis-url`."""

import logging
import sys

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.faces.detector import load_detector
from tests.worker.queue.fragile_worker import POISON
from worker.local.inference import LocalInference
from worker.queue.process import work
from worker.queue_names import INFERENCE_QUEUE


class SickModel(DummyModel):
    """The dummy until it has seen the picture; from then on everything that is asked of it fails, and quickly."""

    sick = False

    def embed(self, crops: Pixels) -> Vector:
        """`(n, size, size, 3)` -> `(n, 99)`, or the error of the device."""
        self.sick = self.sick or any((crop == POISON).all() for crop in crops)
        self._check()
        return super().embed(crops)

    def render(self, embeddings: Vector) -> Pixels:
        """`(n, 99)` -> `(n, size, size, 3)`, or the error of the device."""
        self._check()
        return super().render(embeddings)

    def _check(self) -> None:
        if self.sick:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")


BROKEN_WORKER = (sys.executable, "-m", "tests.worker.queue.broken_worker")


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    sys.exit(work(LocalInference(SickModel, load_detector), INFERENCE_QUEUE, sys.argv[-1], threads=4))
