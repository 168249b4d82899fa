"""A finished model that helps another one to learn."""

from pathlib import Path

import torch

from model.checkpoint import load_checkpoint
from model.face_model import FaceModel


class OtherModel:
    """A model that stands still. No module, so that no state of a training holds its weights."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidCheckpoint for a bad file."""
        self._model = load_checkpoint(path).model

    @property
    def image_size(self) -> int:
        """Height and width of what it draws."""
        return self._model.config.image_size

    def on(self, device: torch.device) -> FaceModel:
        """The model on a device."""
        return self._model.to(device)
