"""A trained model in one file: safetensors with the sizes, the calibration and the model card in its header."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.attributes import Vector
from model.calibration import Calibration, cosine_classifier
from model.errors import InvalidCheckpoint
from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from model.sealed_file import WEIGHTS, content_hash, read_sealed, write_sealed

FORMAT = "facet-1"
INT8_READER = "int8_reader"
NETWORKS_HASH = "networks_sha256"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model file."""

    id: str
    """Name and the first 12 digits of a hash of the networks, on which embeddings and pictures depend.

    A gallery outlives what else is changed of a file: the card, the calibration, the graph of 8 bits, which only rounds
    otherwise. A file from before there was this hash has an id of its whole content, until it is written anew.
    """
    model: FaceModel
    """float32, in evaluation mode."""
    calibration: Calibration
    card: Mapping[str, Any]
    int8_reader: bytes | None = None
    """An ONNX graph that reads in 8 bits: crops `(n, read_size, read_size, 3)` uint8 -> embeddings `(n, 99)`."""


def bundled() -> Path:
    """The model file that comes with the package. Raises InvalidCheckpoint if there is none."""
    found = sorted(WEIGHTS.glob("facet-*.safetensors"))
    if not found:
        raise InvalidCheckpoint("no model comes with this installation; name one with FACET_MODEL")
    return found[-1]


def save_checkpoint(
    path: Path,
    name: str,
    model: FaceModel,
    calibration: Calibration,
    card: Mapping[str, Any],
    int8_reader: bytes | None = None,
) -> None:
    """Write the weights as float16 with everything that rebuilds the model; aside first, then renamed."""
    weights = {key: value.detach().cpu().half().numpy() for key, value in model.state_dict().items()}
    graph = {} if int8_reader is None else {INT8_READER: np.frombuffer(int8_reader, np.uint8)}
    network = json.dumps(model.config.to_data())
    metadata = {
        "format": FORMAT,
        "name": name,
        "network": network,
        NETWORKS_HASH: content_hash(weights, {"network": network}),
        "calibration": json.dumps(_calibration_to_data(calibration)),
        "card": json.dumps(dict(card)),
    }
    write_sealed(path, weights | graph, metadata)


def load_checkpoint(path: Path) -> Checkpoint:
    """Rebuild a model from its file alone.

    Raises InvalidCheckpoint if the file is missing, not of this format, or does not match its hash.
    """
    arrays, metadata, digest = read_sealed(path, FORMAT, "model")
    try:
        graph = arrays.pop(INT8_READER, None)
        with torch.device("meta"):  # without values, in whose place those of the file come
            model = FaceModel(NetworkConfig.from_data(json.loads(metadata["network"])))
        model.load_state_dict({name: torch.from_numpy(array).float() for name, array in arrays.items()}, assign=True)
        calibration = _calibration_from_data(json.loads(metadata["calibration"]))
        card = json.loads(metadata["card"])
        name = metadata["name"]
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path} does not describe a model that can be rebuilt: {error}") from error
    model.eval().requires_grad_(False)
    id = f"{name}-{metadata.get(NETWORKS_HASH, digest)[:12]}"
    return Checkpoint(id, model, calibration, card, None if graph is None else graph.tobytes())


def _calibration_to_data(calibration: Calibration) -> dict[str, Any]:
    means, classifier = (
        {label: np.asarray(row).tolist() for label, row in rows.items()}
        for rows in (calibration.expression_means, calibration.expression_classifier)
    )
    numbers = {"threshold": calibration.threshold, "slope": calibration.slope}
    return numbers | {"expression_means": means, "expression_classifier": classifier}


def _calibration_from_data(data: dict[str, Any]) -> Calibration:
    def of_labels(name: str) -> dict[str, Vector]:
        return {label: np.array(row, np.float32) for label, row in data.pop(name).items()}

    means = of_labels("expression_means")
    if "expression_sharpness" in data:  # a file from before there was a classifier
        classifier = cosine_classifier(means, data.pop("expression_sharpness"))
    else:
        classifier = of_labels("expression_classifier")
    return Calibration(expression_means=means, expression_classifier=classifier, **data)
