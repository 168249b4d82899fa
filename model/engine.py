"""A checkpoint on a device: NumPy crops in, embeddings and pictures out."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.attributes import EMBEDDING_SIZE, Vector
from model.backend import Pixels
from model.checkpoint import bundled, load_checkpoint


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA device if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class Engine:
    """A model file on a device; implements `model.backend.Backend`."""

    def __init__(self, path: Path | None = None, device: str = "auto") -> None:
        """Raises InvalidCheckpoint if the file (or without one the bundled model) cannot be loaded."""
        checkpoint = load_checkpoint(path or bundled())
        self._device = choose_device(device)
        model = checkpoint.model.to(self._device)
        self._model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.id, self.calibration, self.card = checkpoint.id, checkpoint.calibration, checkpoint.card
        self.image_size = model.config.image_size

    @torch.inference_mode()
    def embed(self, crops: Pixels) -> Vector:
        """RGB crops `(n, size, size, 3)` uint8 -> embeddings `(n, 99)` float32."""
        # A copy, because torch cannot hold memory that must not be written.
        pixels = torch.from_numpy(np.array(crops, order="C")).to(self._device)
        # A view of channels-last memory as (n, 3, h, w) already is in the layout that the convolutions want.
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        f: Tensor = self._model.embed(images)
        return f.cpu().numpy()

    @torch.inference_mode()
    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` -> RGB pictures `(n, size, size, 3)` uint8."""
        images = self._model.render(torch.from_numpy(np.array(embeddings, order="C")).to(self._device))
        pixels = images.add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return np.asarray(pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy(), np.uint8)

    @torch.inference_mode()
    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces: z from N(0, I), through the splitter."""
        z = torch.randn(count, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(seed))
        f: Tensor = self._model.splitter(z.to(self._device))
        return f.cpu().numpy()
