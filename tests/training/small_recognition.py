"""A face recognition network as small as can be, with random weights, in the files of the large one."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from training.networks.face_recognition import BLOCKS

CHANNELS = {"conv32": 4, "conv64": 5, "conv128": 6, "conv256": 7}
SCALE, LEAST = 0.004, -0.5
"""Of the tensors that are stored in 8 bits: every other one."""


def tensors() -> dict[str, np.ndarray]:
    """By the names that the files have."""
    rng = np.random.default_rng(7)
    found: dict[str, np.ndarray] = {}

    def scaled(name: str, side: int, before: int, after: int) -> None:
        found[f"{name}/conv/filters"] = rng.normal(0, 0.3, (side, side, before, after))
        found[f"{name}/conv/bias"] = rng.normal(0, 0.1, after)
        found[f"{name}/scale/weights"] = rng.uniform(0.5, 1.0, after)
        found[f"{name}/scale/biases"] = rng.uniform(0.1, 0.4, after)

    before = CHANNELS["conv32"]
    scaled("conv32_down", 7, 3, before)
    for name in BLOCKS:
        after = CHANNELS[name.split("_")[0]]
        scaled(f"{name}/conv1", 3, before, after)
        scaled(f"{name}/conv2", 3, after, after)
        before = after
    found["fc"] = rng.normal(0, 0.03, (before, 6))
    return {name: values.astype(np.float32) for name, values in found.items()}


def write(folder: Path) -> Path:
    """The manifest beside its file of weights; its path."""
    entries, data = [], b""
    for number, (name, values) in enumerate(tensors().items()):
        entry = {"name": name, "shape": list(values.shape), "dtype": "float32"}
        if number % 2:
            values = np.clip(np.round((values - LEAST) / SCALE), 0, 255).astype(np.uint8)
            entry["quantization"] = {"dtype": "uint8", "scale": SCALE, "min": LEAST}
        entries.append(entry)
        data += values.tobytes()
    (folder / "network.bin").write_bytes(data)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps([{"weights": entries, "paths": ["network.bin"]}]))
    return manifest


@cache
def manifest() -> str:
    """Where one lies, for the recipes of all tests of a process."""
    return str(write(Path(mkdtemp(prefix="recognition-"))))
