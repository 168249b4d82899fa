"""A model as two ONNX files that other runtimes load: `encoder.onnx` and `decoder.onnx`."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from model.attributes import Vector
from model.face_model import FaceModel

TOLERANCE = 1e-4
"""The largest difference from torch, in an embedding's numbers and in a picture's, which run from -1 to 1."""
TRIALS = 5
"""Pictures on which the files are compared; another number than was traced, so that the batch is free."""


class _Embed(nn.Module):
    def __init__(self, model: FaceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.embed(images)


class _Render(nn.Module):
    def __init__(self, model: FaceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, embeddings: Tensor) -> Tensor:
        return self.model.render(embeddings)


@torch.no_grad()
def export_onnx(model: FaceModel, folder: Path) -> dict[str, float]:
    """Write both files and run them; the largest difference from torch of each, by file name.

    `encoder.onnx` takes `images` `(n, 3, size, size)` in [-1, 1] and gives `embeddings` `(n, 99)`; `decoder.onnx` the
    reverse. Raises ValueError if a file's results differ from torch's by more than TOLERANCE.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = model.cpu().float().eval()
    size = model.config.read_size
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(TRIALS, 3, size, size, generator=generator) * 2 - 1
    embeddings = model.embed(images)
    return {
        "encoder.onnx": _write(_Embed(model), folder / "encoder.onnx", "images", images, "embeddings"),
        "decoder.onnx": _write(_Render(model), folder / "decoder.onnx", "embeddings", embeddings, "images"),
    }


def _write(network: nn.Module, path: Path, taken: str, example: Tensor, given: str) -> float:
    with quiet_exporter():
        torch.onnx.export(
            network.eval(),
            (example[:2],),
            path,
            input_names=[taken],
            output_names=[given],
            dynamic_shapes={taken: {0: torch.export.Dim("n")}},
            external_data=False,
            verbose=False,
        )
    difference = float(np.abs(run_onnx(path, example.numpy()) - network(example).numpy()).max())
    if not difference <= TOLERANCE:
        raise ValueError(f"{path} differs from torch by {difference:.2g}, more than {TOLERANCE:g}")
    return difference


def run_onnx(path: Path, inputs: Vector) -> Vector:
    """The one output of an ONNX file for its one input, on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # idle threads of the runtime would spin on cores that others need
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    return np.asarray(session.run(None, {taken.name: inputs})[0], np.float32)


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Without the exporter's remarks on optional packages and on torch's own use of what it will retire."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`isinstance", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
