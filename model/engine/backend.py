"""What inference asks of a model: aligned crops in, embeddings out, and back.

Two implementations: the torch engine (`model/engine/engine.py`) over a checkpoint, and the weightless `DummyModel`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector
from model.calibration import Calibration

Pixels = NDArray[np.uint8]
"""RGB pictures, `(..., height, width, 3)`, uint8."""
Precision = Literal["auto", "float32", "bfloat16", "float16", "int8"]
"""What the large networks compute in; `auto` is float32 or the best shorter type that the device multiplies faster.

In `int8` processors read, and draw as `auto` has it."""


class Backend(Protocol):
    """A loaded model. One thread at a time calls it, or as many as it has lanes, each of which called `share` first."""

    id: str
    """Name and content hash; embeddings of different ids are never compared."""
    image_size: int
    """Height and width of the pictures that it draws, in pixels."""
    read_size: int
    """Height and width of the crops that it reads."""
    calibration: Calibration
    card: Mapping[str, Any]
    lanes: int
    """How many threads keep its device busy together."""
    shares_processors: bool
    """Whether it computes on the processors that prepare pictures, so that few faces at a time cost those dearly."""

    def share(self) -> None:
        """Make the calling thread one of `lanes` that call the model at the same time."""

    def embed(self, crops: Pixels) -> Vector:
        """`(n, read_size, read_size, 3)` -> `(n, 99)`."""

    def render(self, embeddings: Vector) -> Pixels:
        """`(n, 99)` -> `(n, image_size, image_size, 3)`."""

    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random plausible faces: z from N(0, I), through the splitter."""

    def memory(self) -> Mapping[str, int]:
        """Bytes of its device's own memory by what they are; empty where it has none of its own."""


def load_backend(
    model: str,
    device: str = "auto",
    precision: Precision = "auto",
    max_batch: int | None = None,
    max_device_bytes: int | None = None,
) -> Backend:
    """The model named by FACET_MODEL: `dummy`, a checkpoint's path, or `` for the bundled weights.

    `max_batch` is the most rows that it will be called with, as far as anybody knows; `max_device_bytes` what it may
    take of a GPU's memory. Raises InvalidCheckpoint if there is no such model or it is damaged, InvalidRequest if there
    is no such device.
    """
    if model == "dummy":
        from model.engine.dummy import DummyModel

        return DummyModel()
    # Imported late: torch takes seconds to import, and the dummy runs without it.
    from model.engine.engine import Engine

    return Engine(Path(model) if model else None, device, precision, max_batch, max_device_bytes)
