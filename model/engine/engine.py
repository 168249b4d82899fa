"""A checkpoint on a device: NumPy crops in, embeddings and pictures out."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from model.attributes import EMBEDDING_SIZE, Vector
from model.checkpoint import bundled, load_checkpoint
from model.engine.backend import Pixels, Precision
from model.engine.graphs import Graphs
from model.engine.programs import Array, Drawer, Reader, recorded
from model.face_model import FaceModel


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA device if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def choose_precision(name: Precision, device: torch.device) -> torch.dtype:
    """`auto` takes bfloat16 where the processor multiplies it faster than float32."""
    if name != "auto":
        return torch.float32 if name == "float32" else torch.bfloat16
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float32
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


class Engine:
    """A model file on a device; implements `model.engine.backend.Backend`.

    In bfloat16 encoder and decoder are rounded, splitter and merger are not: an embedding's numbers differ from
    float32's by less than 0.02, each part's cosine by less than 0.001, and pictures by at most 6 of 255. What shares a
    batch changes an embedding by less than 0.01, in float32 by less than 1e-5.
    """

    def __init__(self, path: Path | None = None, device: str = "auto", precision: Precision = "auto") -> None:
        """Raises InvalidCheckpoint if the file (or without one the bundled model) cannot be loaded."""
        checkpoint = load_checkpoint(path or bundled())
        self._device = choose_device(device)
        dtype = choose_precision(precision, self._device)
        model: FaceModel = checkpoint.model.to(self._device)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._splitter = model.splitter
        self.image_size, self.read_size = model.config.image_size, model.config.read_size
        reader, drawer = Reader(model, dtype), Drawer(model, dtype)
        self._read: Callable[[Array], Array]
        self._draw: Callable[[Array], Array]
        if self._device.type == "cuda":
            self._read, self._draw = Graphs(reader, self._device), Graphs(drawer, self._device)
        else:
            crop = torch.zeros(1, self.read_size, self.read_size, 3, dtype=torch.uint8)
            self._read, self._draw = recorded(reader, crop), recorded(drawer, torch.zeros(1, EMBEDDING_SIZE))
        # On a CPU several threads with a core and a batch each do more than one whose operations all cores share: none
        # waits for the others after each operation, nor for whatever else the operating system runs on one of them.
        self.lanes = 1 if self._device.type == "cuda" else torch.get_num_threads()
        self.id, self.calibration, self.card = checkpoint.id, checkpoint.calibration, checkpoint.card

    def share(self) -> None:
        """Make the calling thread one of `lanes`, which computes on one core; so do threads that begin after it."""
        if self.lanes > 1:
            torch.set_num_threads(1)

    @torch.inference_mode()
    def embed(self, crops: Pixels) -> Vector:
        """RGB crops `(n, read_size, read_size, 3)` uint8 -> embeddings `(n, 99)` float32."""
        return self._read(crops)

    @torch.inference_mode()
    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` -> RGB pictures `(n, image_size, image_size, 3)` uint8."""
        return self._draw(embeddings)

    @torch.inference_mode()
    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces: z from N(0, I), through the splitter."""
        z = torch.randn(count, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(seed))
        f: Tensor = self._splitter(z.to(self._device))
        return f.cpu().numpy()
