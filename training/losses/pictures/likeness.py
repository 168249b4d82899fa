"""Whether drawn faces look like the people whom they should show, to a face recognition network."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.networks.face_recognition import SIZE, FaceRecognition

SIDE, DROP = 0.8, 0.065
"""The part of our frame that comes nearest to dlib's chips, and how far its centre lies below ours, of our side.

Of 100 upright LFW faces descriptors from it are 0.18 from those that dlib computes itself, chips and all.
"""


class LikenessLoss(nn.Module):
    """Mean squared distance of descriptors: (n, 128) of drawn faces to those that they should have."""

    def __init__(self, path: Path) -> None:
        """`path` is that of `FaceRecognition`, and so is what is raised."""
        super().__init__()
        self.network = FaceRecognition(path)
        self.chip = nn.Buffer(torch.tensor([[SIDE, 0.0, 0.0], [0.0, SIDE, 2 * DROP]]), persistent=False)

    def describe(self, faces: Tensor) -> Tensor:
        """Descriptors `(n, 128)` of faces `(n, 3, s, s)` in our frame, in [-1, 1]."""
        grid = F.affine_grid(self.chip.expand(len(faces), 2, 3), [len(faces), 3, SIZE, SIZE], align_corners=False)
        chips = F.grid_sample(faces, grid, align_corners=False, padding_mode="border")
        descriptors: Tensor = self.network(chips.contiguous(memory_format=torch.channels_last))
        return descriptors.float()

    def forward(self, drawn: Tensor, wanted: Tensor) -> Tensor:
        return (self.describe(drawn) - wanted).square().sum(dim=1).mean()
