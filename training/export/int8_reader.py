"""The networks that read, with convolutions of 8 bits: an ONNX graph for processors that multiply those fastest."""

from collections.abc import Iterator
from contextlib import redirect_stdout
from copy import deepcopy
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)
from torch import Tensor, nn

from model.engine.backend import Pixels
from model.engine.programs import EXAMPLES, Reader
from model.face_model import FaceModel
from training.export.onnx import quiet_exporter

CROPS = 256
"""Crops by which the ranges of what goes into the convolutions are found; twice as many changed no cosine by 0.001."""
CHUNK = 32
PERCENTILE = 99.99
"""Share of the numbers that lie in the range; the rest is cut off. All of them in it is as good, 99.9 worse."""

SMALLEST = 1e-6
"""The range of a channel that says nothing."""


def int8_reader(model: FaceModel, crops: Pixels) -> bytes:
    """The graph of `Checkpoint.int8_reader`, its ranges from crops `(n, read_size, read_size, 3)` of training.

    Weights have a range for each channel, what goes into a convolution and what comes out of it has one range. All else
    stays float32. Raises ValueError without a crop.
    """
    if not len(crops):
        raise ValueError("there is no crop from which to find the ranges")
    crops = crops[:: max(1, len(crops) // CROPS)][:CROPS]
    reader = Reader(deepcopy(model).cpu().float(), torch.float32).eval()
    _level(reader, crops)
    with TemporaryDirectory() as folder:
        exact, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("exact", "prepared", "made"))
        with torch.no_grad(), quiet_exporter(), redirect_stdout(StringIO()):
            torch.onnx.export(
                reader,
                (torch.from_numpy(crops[:1]).repeat(EXAMPLES, 1, 1, 1),),
                exact,
                input_names=["crops"],
                output_names=["embeddings"],
                dynamic_shapes={"pixels": {0: torch.export.Dim("n")}},
                external_data=False,
                verbose=False,
            )
            # Its optimisation would put the levels back into the weights.
            quant_pre_process(exact, prepared, skip_symbolic_shape=True, skip_optimization=True)
            quantize_static(
                prepared,
                made,
                _Crops(crops),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"CalibPercentile": PERCENTILE},
            )
        return made.read_bytes()


class _Levelled(nn.Module):
    """A convolution whose channels come out equally large, and then as large as they were."""

    def __init__(self, conv: nn.Conv2d, largest: Tensor) -> None:
        super().__init__()
        self.conv, self.largest = conv, nn.Buffer(largest[:, None, None])
        conv.weight.data /= largest[:, None, None, None]
        if conv.bias is not None:
            conv.bias.data /= largest

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x) * self.largest
        return y


@torch.no_grad()
def _level(reader: Reader, crops: Pixels) -> None:
    """Let all channels that come out of a convolution share a range without loss.

    One channel that is always large, as they occur, would leave the others of its convolution a few steps of 256.
    """
    convs = {name: layer for name, layer in reader.named_modules() if isinstance(layer, nn.Conv2d)}
    largest: dict[str, Tensor] = {}

    def see(name: str, y: Tensor) -> None:
        seen = y.abs().amax(dim=(0, 2, 3))
        largest[name] = torch.maximum(largest[name], seen) if name in largest else seen

    hooks = [conv.register_forward_hook(lambda _, __, y, name=name: see(name, y)) for name, conv in convs.items()]
    for start in range(0, len(crops), CHUNK):
        reader(torch.from_numpy(crops[start : start + CHUNK]))
    for hook in hooks:
        hook.remove()
    for name, conv in convs.items():
        parent, _, attribute = name.rpartition(".")
        setattr(reader.get_submodule(parent), attribute, _Levelled(conv, largest[name].clamp(min=SMALLEST)))


class _Crops(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, crops: Pixels) -> None:
        # All chunks are to have one size.
        size = min(CHUNK, len(crops))
        self._chunks: Iterator[Pixels] = (
            crops[start : start + size] for start in range(0, len(crops) - size + 1, size)
        )

    def get_next(self) -> dict[str, Any] | None:
        chunk = next(self._chunks, None)
        return None if chunk is None else {"crops": chunk}
