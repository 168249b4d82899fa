"""A trained detector in one file: safetensors with the network's sizes and a card in its header.

Beside its weights lies the same network as an ONNX graph, which ONNX Runtime runs on processors in a quarter of torch's
time. One file holds both, so that they cannot differ. To find faces by the graph needs no torch.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.errors import InvalidCheckpoint
from model.sealed_file import WEIGHTS, Arrays, read_sealed, write_sealed

if TYPE_CHECKING:
    from model.networks.detector_network import DetectorNetwork

FORMAT = "facet-detector-1"
_GRAPH = "onnx"
"""The name of the graph among the weights."""


@dataclass(frozen=True)
class DetectorFile:
    """What a detector's file holds."""

    id: str
    """Name and the first 12 digits of the content's hash."""
    card: Mapping[str, Any]
    graph: bytes
    """The network in ONNX: `images` `(n, h, w, 3)` uint8, the sides multiples of 32, -> `cells` `(n, cells, 15)`, as
    `model.networks.detector_network.numbers_of` orders them."""
    sizes: Mapping[str, Any] = field(repr=False)
    weights: Arrays = field(repr=False)


def bundled_detector() -> Path:
    """The detector's file that comes with the package. Raises InvalidCheckpoint if it is not there."""
    path = WEIGHTS / "detector.safetensors"
    if not path.is_file():
        raise InvalidCheckpoint("no detector comes with this installation; name one with FACET_DETECTOR_MODEL")
    return path


def save_detector(path: Path, name: str, network: "DetectorNetwork", card: Mapping[str, Any], graph: bytes) -> None:
    """Write the weights as float32 with everything that rebuilds the network; aside first, then renamed."""
    arrays = {key: value.detach().cpu().numpy() for key, value in network.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "name": name,
        "network": json.dumps(network.config.to_data()),
        "card": json.dumps(dict(card)),
    }
    write_sealed(path, {**arrays, _GRAPH: np.frombuffer(graph, np.uint8)}, metadata)


def read_detector(path: Path) -> DetectorFile:
    """Raises InvalidCheckpoint if the file is missing, not of this format, or does not match its hash."""
    arrays, metadata, digest = read_sealed(path, FORMAT, "face detector")
    try:
        graph = arrays.pop(_GRAPH).tobytes()
        sizes, card = json.loads(metadata["network"]), json.loads(metadata["card"])
        return DetectorFile(f"{metadata['name']}-{digest[:12]}", card, graph, sizes, arrays)
    except (KeyError, ValueError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a detector: {error}") from error


def load_detector_network(path: Path) -> "DetectorNetwork":
    """The network of a file, in float32 and evaluation mode.

    Raises InvalidCheckpoint as `read_detector` does, and if its weights are of another network.
    """
    import torch

    from model.networks.detector_network import DetectorConfig, DetectorNetwork

    file = read_detector(path)
    try:
        network = DetectorNetwork(DetectorConfig.from_data(dict(file.sizes)))
        network.load_state_dict({name: torch.from_numpy(array) for name, array in file.weights.items()})
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a detector that can be rebuilt: {error}") from error
    return network.eval().requires_grad_(False)
