"""A worker whose device does nothing but take its time: python -m benchmarks.queue.device --redis-url URL."""

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np
from prometheus_client import Gauge

from model.attributes import EMBEDDING_SIZE, Attribute
from worker.backlog import Backlog
from worker.interface import Face, ModelInfo
from worker.local.batcher import Batcher
from worker.queue.process import work
from worker.queue_names import INFERENCE_QUEUE

BATCH = 64
"""Pictures that the device takes at once."""
MILLISECONDS = 10.0
"""What a batch takes, however many pictures it has."""
THREADS = 4
"""Tasks that Celery gives a worker at a time, as `facet worker` has by default."""
MAX_QUEUE = 1024
CARD_BYTES = 10_000

SECONDS = Gauge("benchmark_device_seconds", "The first and the last batch of the device", ["what"])
"""Their `begun` and `ended` by the clock that all processes of a machine share, and the processor time of this process
until then, `cpu_begun` and `cpu_ended`."""

MODEL = ModelInfo(
    "waits-1", 64, 64, "none", {Attribute.EXPRESSION: ["happiness"]}, {"description": "x" * CARD_BYTES}, 0.5, 9.0
)
FACE = Face(
    (0.0, 0.0, 64.0, 64.0),
    1.0,
    None,
    np.linspace(-1.0, 1.0, EMBEDDING_SIZE, dtype=np.float32),
    {"pitch": 0.0, "yaw": 0.0, "roll": 0.0},
    {"neutral": 0.5, "happiness": 0.5},
    MODEL.id,
)


class WaitingDevice:
    """Answers every picture with the same face, in batches of known cost: what is left is the queue."""

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1000
        self._begun = False
        self._batcher: Batcher[bytes, Face] | None = None

    async def start(self) -> None:
        """Begin to take batches."""
        self._batcher = Batcher(self._run, BATCH, Backlog(MAX_QUEUE))

    async def close(self) -> None:
        """Finish what is queued."""
        if self._batcher is not None:
            self._batcher.close()

    async def info(self) -> ModelInfo:
        """A model with a card as long as a real one's."""
        return MODEL

    def broken(self) -> bool:
        """Never."""
        return False

    async def embed(self, images: Sequence[bytes]) -> list[list[Face]]:
        """The face of each picture, which nobody looks at."""
        assert self._batcher is not None
        return [[face] for face in await self._batcher.run(images)]

    def _run(self, images: list[bytes]) -> list[Face]:
        if not self._begun:
            self._begun = True
            SECONDS.labels("begun").set(time.monotonic())
            SECONDS.labels("cpu_begun").set(time.process_time())
        time.sleep(self._seconds)
        SECONDS.labels("ended").set(time.monotonic())
        SECONDS.labels("cpu_ended").set(time.process_time())
        return [FACE] * len(images)


def main() -> None:
    """Work until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device-ms", type=float, default=MILLISECONDS)
    parser.add_argument("--metrics-port", type=int, required=True)
    parser.add_argument("--redis-url", required=True)
    options = parser.parse_args()
    device = WaitingDevice(options.device_ms)
    code = work(device, INFERENCE_QUEUE, options.redis_url, threads=THREADS, metrics_port=options.metrics_port)
    sys.exit(code)


if __name__ == "__main__":
    main()
