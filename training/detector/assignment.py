"""Which cells of the detector's maps answer for which face."""

from dataclasses import dataclass

import torch
from torch import Tensor

from model.networks.detector_cells import STRIDES
from model.networks.detector_network import middles

SPANS = {8: (0.0, 56.0), 16: (40.0, 128.0), 32: (96.0, float("inf"))}
"""Sizes of the faces that a stride's cells answer for; faces between two spans are both scales' business."""
REACH = 1.25
"""How far a cell's middle may lie from the face's, in strides."""
BACKGROUND, NEITHER = -1, -2
"""In place of a face's number: a cell that sees none, and one whose answer does not count."""


@dataclass(frozen=True)
class Faces:
    """The faces of one picture, as tensors."""

    boxes: Tensor
    """`(m, 4)`: left, top, right, bottom, in pixels."""
    points: Tensor
    """`(m, 5, 2)`."""
    sure: Tensor
    """`(m,)` bool."""


def assign(faces: Faces, height: int, width: int) -> Tensor:
    """For each cell the number of the face that it answers for, BACKGROUND or NEITHER: `(cells,)` int64.

    Cells near the middle of a face of their scale answer for it, the smallest such face; the cell nearest to its middle
    always does. Cells within an unsure face, and ones near the middle of a face of the next scale, do not count.
    """
    place, stride = middles(height, width, faces.boxes.device)
    result = torch.full((len(place),), BACKGROUND, dtype=torch.int64, device=place.device)
    if not len(faces.boxes):
        return result
    low, high = faces.boxes[:, :2], faces.boxes[:, 2:]
    size = (high - low).prod(dim=1).clamp(min=1e-6).sqrt()
    off = (place[:, None] - (low + high) / 2).abs().amax(dim=2)  # (cells, faces)
    inside = ((place[:, None] > low) & (place[:, None] < high)).all(dim=2)
    least = torch.tensor([SPANS[each][0] for each in STRIDES], device=place.device)
    most = torch.tensor([SPANS[each][1] for each in STRIDES], device=place.device)
    level = torch.log2(stride / STRIDES[0]).long()
    fits = (size >= least[level, None]) & (size < most[level, None])
    central = (off <= REACH * stride[:, None]) & inside
    nearest = fits & (off == off.masked_fill(~fits, torch.inf).amin(dim=0))
    mine = ((central & fits) | nearest) & faces.sure
    result[(inside & ~faces.sure).any(dim=1) | (central & ~fits & faces.sure).any(dim=1)] = NEITHER
    smallest = size.expand_as(off).masked_fill(~mine, torch.inf).argmin(dim=1)
    return torch.where(mine.any(dim=1), smallest, result)
