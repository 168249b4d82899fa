"""A trained detector in one file: safetensors with the network's sizes and a card in its header."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from model.checkpoint import content_hash
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
    aside = path.with_suffix(".writing")
    aside.write_bytes(save(tensors, metadata | {"sha256": content_hash(tensors, metadata)}))
    os.replace(aside, path)


def load_detector_network(path: Path) -> DetectorCheckpoint:
    """Rebuild a detector from its file alone.

    Raises InvalidCheckpoint if the file is missing, not of this format, or does not match its hash.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InvalidCheckpoint(f"{path} cannot be read as a detector: {error}") from error
    expected = metadata.pop("sha256", None)
    if metadata.get("format") != FORMAT or expected is None:
        raise InvalidCheckpoint(f"{path} is not a face detector of this system (format {metadata.get('format')!r})")
    if content_hash(tensors, metadata) != expected:
        raise InvalidCheckpoint(f"{path} is damaged: its content does not match its hash")
    try:
        network = DetectorNetwork(DetectorConfig.from_data(json.loads(metadata["network"])))
        network.load_state_dict(tensors)
        card, name = json.loads(metadata["card"]), metadata["name"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a detector that can be rebuilt: {error}") from error
    network.eval().requires_grad_(False)
    return DetectorCheckpoint(f"{name}-{expected[:12]}", network, card)
