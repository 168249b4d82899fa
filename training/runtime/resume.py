"""The state of a training run on disk, from which it goes on exactly."""

import os
from pathlib import Path
from typing import Any

import torch


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write aside and rename, so that a file of that name is always complete."""
    aside = path.with_suffix(".writing")
    with aside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def load_state(path: Path) -> dict[str, Any]:
    """The opposite of `save_state`; tensors and plain data only, never code."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
