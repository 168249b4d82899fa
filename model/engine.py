"""A checkpoint on a device: NumPy crops in, embeddings and pictures out."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.attributes import EMBEDDING_SIZE, Vector
from model.backend import Pixels, Precision
from model.checkpoint import bundled, load_checkpoint
from model.graphs import Graphs
from model.packed import pack


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
    """A model file on a device; implements `model.backend.Backend`.

    In bfloat16 encoder and decoder are rounded, splitter and merger are not: an embedding's numbers differ from
    float32's by less than 0.02, each part's cosine by less than 0.001, and pictures by at most 6 of 255. What shares a
    batch changes an embedding by less than 0.01, in float32 by less than 1e-5.
    """

    def __init__(self, path: Path | None = None, device: str = "auto", precision: Precision = "auto") -> None:
        """Raises InvalidCheckpoint if the file (or without one the bundled model) cannot be loaded."""
        checkpoint = load_checkpoint(path or bundled())
        self._device = choose_device(device)
        self._dtype = choose_precision(precision, self._device)
        model = checkpoint.model.to(self._device)
        self._model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in (model.encoder, model.decoder):
            network.to(self._dtype)
            if self._device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
                pack(network)
        self._graphs = (
            (Graphs(self._read, self._device), Graphs(self._draw, self._device))
            if self._device.type == "cuda"
            else None
        )
        self.id, self.calibration, self.card = checkpoint.id, checkpoint.calibration, checkpoint.card
        self.image_size = model.config.image_size

    @torch.inference_mode()
    def embed(self, crops: Pixels) -> Vector:
        """RGB crops `(n, size, size, 3)` uint8 -> embeddings `(n, 99)` float32."""
        if self._graphs is not None:
            return self._graphs[0](crops)
        # A copy, because torch cannot hold memory that must not be written.
        return self._read(torch.from_numpy(np.array(crops, order="C"))).numpy()

    @torch.inference_mode()
    def render(self, embeddings: Vector) -> Pixels:
        """Embeddings `(n, 99)` -> RGB pictures `(n, size, size, 3)` uint8."""
        if self._graphs is not None:
            return self._graphs[1](embeddings)
        return np.asarray(self._draw(torch.from_numpy(np.array(embeddings, order="C"))).numpy(), np.uint8)

    @torch.inference_mode()
    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of random faces: z from N(0, I), through the splitter."""
        z = torch.randn(count, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(seed))
        f: Tensor = self._model.splitter(z.to(self._device))
        return f.cpu().numpy()

    def _read(self, pixels: Tensor) -> Tensor:
        # A view of channels-last memory as (n, 3, h, w) already is in the layout that the convolutions want.
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0).to(self._dtype)
        f: Tensor = self._model.splitter(self._model.encoder(images).float())
        return f

    def _draw(self, embeddings: Tensor) -> Tensor:
        images: Tensor = self._model.decoder(self._model.merger(embeddings).to(self._dtype))
        pixels = images.float().add_(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous()
