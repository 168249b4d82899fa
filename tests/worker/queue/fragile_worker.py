"""A worker whose model ends the process at one picture and takes its time over another: `python -m ... --redis-url`."""

import logging
import os
import signal
import sys
import time

import numpy as np

from model.attributes import Vector
from model.engine.backend import Pixels
from model.engine.dummy import SIZE, DummyModel
from model.faces.detector import load_detector
from worker.local.inference import LocalInference
from worker.queue.process import work
from worker.queue_names import INFERENCE_QUEUE

POISON = np.full((SIZE, SIZE, 3), (255, 0, 255), np.uint8)
SLOW = np.full((SIZE, SIZE, 3), (0, 255, 0), np.uint8)
SLOW_SECONDS = 1.0


class FragileModel(DummyModel):
    """The dummy, but for two pictures."""

    def embed(self, crops: Pixels) -> Vector:
        """`(n, size, size, 3)` -> `(n, 99)`, if it gets that far."""
        for crop in crops:
            if (crop == POISON).all():
                os.kill(os.getpid(), signal.SIGKILL)
            if (crop == SLOW).all():
                time.sleep(SLOW_SECONDS)
        return super().embed(crops)


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    sys.exit(work(LocalInference(FragileModel, load_detector), INFERENCE_QUEUE, sys.argv[-1], threads=4))
