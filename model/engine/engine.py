"""A checkpoint on a device: NumPy crops in, embeddings and pictures out."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.attributes import EMBEDDING_SIZE, Vector
from model.checkpoint import bundled, load_checkpoint
from model.engine.backend import Pixels, Precision
from model.engine.device import choose_device, choose_precision, limit_memory, memory, reads_in_8_bits
from model.engine.graphs import BUCKETS, SLOTS, recorded_on_gpu
from model.engine.onnx_session import session_of
from model.engine.processors import processors
from model.engine.programs import DRAWN_AT_ONCE, Array, Drawer, Reader, recorded
from model.errors import InvalidRequest
from model.face_model import FaceModel


class Engine:
    """A model file on a device; implements `model.engine.backend.Backend`.

    In 16 bits encoder and decoder are rounded, splitter and merger are not: in bfloat16 an embedding's numbers differ
    from float32's by less than 0.02, each part's cosine by less than 0.001, and pictures by at most 16 of 255, by 0.3
    on average and by more than 8 in a few of a million numbers. What shares a batch changes an embedding by less than
    0.01, in float32 by less than 1e-5. In int8 what is read has a mean cosine to float32's of 0.999 in identity and
    1.000 in expression and style.
    """

    def __init__(
        self,
        path: Path | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        max_batch: int | None = None,
        max_device_bytes: int | None = None,
    ) -> None:
        """On a GPU everything is recorded here for batches of up to `max_batch`; larger ones are cut.

        Raises InvalidCheckpoint if the file (or without one the bundled model) cannot be loaded, InvalidRequest if
        there is no such device, or the file cannot be read with in int8 and that was asked for.
        """
        checkpoint = load_checkpoint(path or bundled())
        self._device = choose_device(device)
        if max_device_bytes is not None:
            limit_memory(self._device, max_device_bytes)
        model: FaceModel = checkpoint.model.to(self._device)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        eight_bits = reads_in_8_bits(precision, self._device)
        if precision == "int8" and checkpoint.int8_reader is None:
            raise InvalidRequest("The model file has no graph for int8; `facet model quantize` adds it.")
        dtype = choose_precision(precision, self._device, model)
        self._splitter = model.splitter
        self.image_size, self.read_size = model.config.image_size, model.config.read_size
        reader, drawer = Reader(model, dtype), Drawer(model, dtype)
        crop = torch.zeros(1, self.read_size, self.read_size, 3, dtype=torch.uint8)
        embedding = torch.zeros(1, EMBEDDING_SIZE)
        self._read: Callable[[Array], Array]
        self._draw: Callable[[Array], Array]
        self.shares_processors = self._device.type != "cuda"
        if self.shares_processors:
            graph = checkpoint.int8_reader if eight_bits else None
            self._read = recorded(reader, crop) if graph is None else _by_graph(graph)
            self._draw = recorded(drawer, embedding, DRAWN_AT_ONCE)
            # Several threads with a core and a batch each do more than one whose operations all cores share: none waits
            # for the others after each operation, nor for whatever else the operating system runs on one of them.
            self.lanes = min(torch.get_num_threads(), processors())
        else:
            largest = min(max_batch or BUCKETS[-1], BUCKETS[-1])
            self._read = recorded_on_gpu(reader, crop, self._device, largest)
            self._draw = recorded_on_gpu(drawer, embedding, self._device, largest)
            self.lanes = SLOTS  # one thread fills the next batch while the other waits for the last one
        self.id, self.calibration, self.card = checkpoint.id, checkpoint.calibration, checkpoint.card

    def share(self) -> None:
        """Make the calling thread one of `lanes`, which computes on one core; so do threads that begin after it."""
        if self.shares_processors:
            torch.set_num_threads(1)

    @torch.inference_mode()
    def embed(self, crops: Pixels) -> Vector:
        """RGB crops `(n, read_size, read_size, 3)` uint8 -> embeddings `(n, 99)` float32."""
        return self._read(crops) if len(crops) else np.empty((0, EMBEDDING_SIZE), np.float32)

    @torch.inference_mode()
    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` -> RGB pictures `(n, image_size, image_size, 3)` uint8."""
        return self._draw(embeddings) if len(embeddings) else np.empty((0, *[self.image_size] * 2, 3), np.uint8)

    @torch.inference_mode()
    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces: z from N(0, I), through the splitter."""
        z = torch.randn(count, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(seed))
        f: Tensor = self._splitter(z.to(self._device))
        return f.cpu().numpy()

    def memory(self) -> Mapping[str, int]:
        """Bytes of a GPU's memory by what they are; empty on a CPU."""
        return memory(self._device)


def _by_graph(graph: bytes) -> Callable[[Array], Array]:
    """A reader from an ONNX graph, which any number of threads may call, each on its own processor."""
    session = session_of(graph)

    def read(crops: Array) -> Array:
        embeddings: Array = session.run(None, {"crops": np.ascontiguousarray(crops)})[0]
        return embeddings

    return read
