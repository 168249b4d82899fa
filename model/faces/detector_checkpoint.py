"""A trained detector in one file: safetensors with the network's sizes and a card in its header.

Beside its weights lies the same network as an ONNX graph, which ONNX Runtime runs on processors in a quarter of torch's
time. One file holds both, so that they cannot differ.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.checkpoint import WEIGHTS, read_sealed, write_sealed
from model.errors import InvalidCheckpoint
from model.networks.detector_network import DetectorConfig, DetectorNetwork

FORMAT = "facet-detector-1"
_GRAPH = "onnx"
"""The name of the graph among the weights."""


@dataclass(frozen=True)
class DetectorCheckpoint:
    """A loaded detector file."""

    id: str
    """Name and the first 12 digits of the content's hash."""
    network: DetectorNetwork
    """float32, in evaluation mode."""
    card: Mapping[str, Any]
    graph: bytes
    """The same network in ONNX: `images` `(n, h, w, 3)` uint8, the sides multiples of 32, -> `cells` `(n, cells, 15)`,
    as `model.networks.detector_network.numbers_of` orders them."""


def bundled_detector() -> Path:
    """The detector's file that comes with the package. Raises InvalidCheckpoint if it is not there."""
    path = WEIGHTS / "detector.safetensors"
    if not path.is_file():
        raise InvalidCheckpoint("no detector comes with this installation; name one with FACET_DETECTOR_MODEL")
    return path


def save_detector(path: Path, name: str, network: DetectorNetwork, card: Mapping[str, Any], graph: bytes) -> None:
    """Write the weights as float32 with everything that rebuilds the network; aside first, then renamed."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    tensors[_GRAPH] = torch.from_numpy(np.frombuffer(graph, np.uint8).copy())
    metadata = {
        "format": FORMAT,
        "name": name,
        "network": json.dumps(network.config.to_data()),
        "card": json.dumps(dict(card)),
    }
    write_sealed(path, tensors, metadata)


def load_detector_network(path: Path) -> DetectorCheckpoint:
    """Rebuild a detector from its file alone.

    Raises InvalidCheckpoint if the file is missing, not of this format, or does not match its hash.
    """
    tensors, metadata, digest = read_sealed(path, FORMAT, "face detector")
    try:
        graph = tensors.pop(_GRAPH).numpy().tobytes()
        network = DetectorNetwork(DetectorConfig.from_data(json.loads(metadata["network"])))
        network.load_state_dict(tensors)
        card, name = json.loads(metadata["card"]), metadata["name"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a detector that can be rebuilt: {error}") from error
    network.eval().requires_grad_(False)
    return DetectorCheckpoint(f"{name}-{digest[:12]}", network, card, graph)
