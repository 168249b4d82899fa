"""What an engine runs on its device, from bytes to numbers and back, and how a CPU runs it without Python."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from model.engine.layers import pack, packs
from model.face_model import FaceModel

Array = NDArray[Any]
DRAWN_AT_ONCE = 16
"""Faces whose largest maps are still in a core's cache when the next layer reads them."""
EXAMPLES = 2
"""Rows of the batch with which a program is recorded; one row might be taken for a constant."""


class Reader(nn.Module):
    """RGB pictures `(n, read_size, read_size, 3)` uint8 -> embeddings `(n, 99)`; the encoder in a type of its own."""

    def __init__(self, model: FaceModel, dtype: torch.dtype) -> None:
        super().__init__()
        self.encoder, self.splitter, self.dtype = model.encoder.to(dtype), model.splitter, dtype

    def forward(self, pixels: Tensor) -> Tensor:
        # A view of channels-last memory as (n, 3, h, w) already is in the layout that the convolutions want.
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0).to(self.dtype)
        f: Tensor = self.splitter(self.encoder(images).float())
        return f


class Drawer(nn.Module):
    """Embeddings `(n, 99)` float32 -> RGB pictures `(n, size, size, 3)` uint8; the decoder in a type of its own."""

    def __init__(self, model: FaceModel, dtype: torch.dtype) -> None:
        super().__init__()
        self.merger, self.decoder, self.dtype = model.merger, model.decoder.to(dtype), dtype

    def forward(self, embeddings: Tensor) -> Tensor:
        images: Tensor = self.decoder.unbounded(self.merger(embeddings).to(self.dtype))
        # (tanh(x) + 1) / 2, which is what is drawn of white, is the sigmoid of 2x, of which torch has the faster one.
        pixels = images.float().mul_(2.0).sigmoid_().mul_(255.0).round_().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous()


def recorded(program: nn.Module, example: Tensor, at_once: int | None = None) -> Callable[[Array], Array]:
    """A program for the CPU as one call that needs no Python, so that other threads do not wait for it nor it for them.

    Run operation by operation, each of a hundred in a batch asks for the interpreter again: beside a busy event loop
    a batch then takes several times as long. `example` is one row; larger batches than `at_once` are cut into equal
    parts. The program's networks serve nothing else after it.
    """
    program.eval().requires_grad_(False)
    if packs():
        pack(program)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        # Group normalisation looks whether it has more than one number to average, which every batch size has.
        warnings.simplefilter("ignore", TracerWarning)
        examples = example.repeat(EXAMPLES, *(1 for _ in example.shape[1:]))
        traced = torch.jit.trace(program, examples, check_trace=False)  # type: ignore[no-untyped-call]

    def run(rows: Array) -> Array:
        # A copy, because torch cannot hold memory that must not be written.
        copied = torch.from_numpy(np.array(rows, order="C"))
        parts = [traced(part) for part in copied.tensor_split(-(-len(rows) // at_once) if at_once else 1)]
        result: Array = torch.cat(parts).numpy()
        return result

    return run
