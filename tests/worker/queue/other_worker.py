"""A worker whose model is not the dummy, but sees and draws its negative: `python -m ... --redis-url`."""

import sys

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.faces.detector import load_detector
from worker.local.inference import LocalInference
from worker.queue.process import work
from worker.queue_names import INFERENCE_QUEUE


class OtherModel(DummyModel):
    """A model whose embeddings mean nothing to the dummy."""

    id = "other-1"

    def embed(self, crops: Pixels) -> Vector:
        """`(n, size, size, 3)` -> `(n, 99)`."""
        return super().embed(255 - crops)

    def render(self, embeddings: Vector) -> Pixels:
        """`(n, 99)` -> `(n, size, size, 3)`."""
        return 255 - super().render(embeddings)


OTHER_WORKER = (sys.executable, "-m", "tests.worker.queue.other_worker")


if __name__ == "__main__":
    sys.exit(work(LocalInference(OtherModel, load_detector), INFERENCE_QUEUE, sys.argv[-1], threads=4))
