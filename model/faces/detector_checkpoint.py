"""A trained detector in one file: safetensors with the network's sizes and a card in its header."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.checkpoint import read_sealed, write_sealed
from model.errors import InvalidCheckpoint
from model.networks.detector_network import DetectorConfig, DetectorNetwork

FORMAT = "facet-detector-1"


@dataclass(frozen=True)
class DetectorCheckpoint:
    """A loaded detector file."""

    id: str
    """Name and the first 12 digits of the content's hash."""
    network: DetectorNetwork
    """float32, in evaluation mode."""
    card: Mapping[str, Any]


def save_detector(path: Path, name: str, network: DetectorNetwork, card: Mapping[str, Any]) -> None:
    """Write the weights as float32 with everything that rebuilds the network; aside first, then renamed."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
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
        network = DetectorNetwork(DetectorConfig.from_data(json.loads(metadata["network"])))
        network.load_state_dict(tensors)
        card, name = json.loads(metadata["card"]), metadata["name"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a detector that can be rebuilt: {error}") from error
    network.eval().requires_grad_(False)
    return DetectorCheckpoint(f"{name}-{digest[:12]}", network, card)
