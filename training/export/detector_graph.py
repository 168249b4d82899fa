"""The detector network as an ONNX graph."""

import torch
from torch import Tensor, nn

from model.networks.detector_cells import STRIDES
from model.networks.detector_network import DetectorNetwork, numbers_of
from training.export.onnx import quiet_exporter

EXAMPLE = (2, 3 * STRIDES[-1], 2 * STRIDES[-1], 3)
"""Shape of the pictures with which the network is traced."""


class _FromPixels(nn.Module):
    def __init__(self, network: DetectorNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return numbers_of(self.network(images.permute(0, 3, 1, 2).float() / 127.5 - 1))


@torch.no_grad()
def detector_graph(network: DetectorNetwork) -> bytes:
    """The graph as `model.faces.detector_checkpoint.DetectorCheckpoint` describes it, of any batch and size."""
    rows, columns = (STRIDES[-1] * torch.export.Dim(name) for name in ("rows", "columns"))
    shapes = {"images": {0: torch.export.Dim("n"), 1: rows, 2: columns}}
    with quiet_exporter():
        program = torch.onnx.export(
            _FromPixels(network).cpu().eval(),
            (torch.zeros(EXAMPLE, dtype=torch.uint8),),
            input_names=["images"],
            output_names=["cells"],
            dynamic_shapes=shapes,
            verbose=False,
        )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())
