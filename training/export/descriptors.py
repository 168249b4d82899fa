"""A face recognition network's descriptors of pictures."""

from pathlib import Path

import torch
from torch import Tensor

from model.engine.backend import Pixels
from training.data.crops import CropSet
from training.evaluation.faces import still_crops
from training.losses.pictures.likeness import LikenessLoss
from training.networks.expressing import Likeness

CHUNK = 64


class Descriptors:
    """Describes crops `(n, size, size, 3)`: `(n, 128)`."""

    def __init__(self, path: Path) -> None:
        """`path` is that of `training.networks.face_recognition.FaceRecognition`, and so is what is raised."""
        self._network = LikenessLoss(path)

    @torch.inference_mode()
    def __call__(self, pictures: Pixels) -> Tensor:
        chunks = torch.split(torch.from_numpy(pictures), CHUNK)
        return torch.cat([self._network.describe(chunk.permute(0, 3, 1, 2) / 127.5 - 1.0) for chunk in chunks])


def likeness_in(crops: CropSet, network: Path, size: int) -> Likeness:
    """A network, and its descriptors of crops in pictures of a size; `network` is as in `Descriptors`."""
    describe = Descriptors(network)
    return Likeness(describe, describe(still_crops(crops, size)[0]))
