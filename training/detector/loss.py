"""The detector's loss: quality focal loss of scores, distance-IoU loss of boxes, distances of points."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.networks.detector_network import Cells
from training.detector.assignment import NEITHER, Faces, assign


@dataclass(frozen=True)
class LossWeights:
    """What each part counts."""

    score: float = 1.0
    box: float = 2.0
    points: float = 4.0


def detector_loss(
    cells: Cells, faces: Sequence[Faces], height: int, width: int, score_power: float = 1.0
) -> dict[str, Tensor]:
    """`score`, `box` and `points` of a batch of n pictures, each a scalar.

    A cell's score learns a power of the overlap of its own box with the face's (Li et al. 2020, generalised focal
    loss), so that the best box of a face has the highest score. All parts are means over the cells that answer for one.
    """
    numbers = torch.stack([assign(each, height, width) for each in faces])  # (n, cells)
    picture, cell = (numbers >= 0).nonzero(as_tuple=True)
    chosen = [(numbers[i][numbers[i] >= 0], each) for i, each in enumerate(faces)]
    boxes = torch.cat([each.boxes[which] for which, each in chosen])
    points = torch.cat([each.points[which] for which, each in chosen])
    own = cells.boxes[picture, cell]
    overlap, distance = _overlap(own, boxes)
    target = torch.zeros_like(cells.logits)
    target[picture, cell] = overlap.detach().clamp(0.0, 1.0) ** score_power
    error = F.binary_cross_entropy_with_logits(cells.logits, target, reduction="none")
    error = error * (torch.sigmoid(cells.logits).detach() - target).abs() ** 2
    count = max(len(boxes), 1)
    size = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).sqrt().clamp(min=1.0)
    off = (cells.points[picture, cell] - points) / size[:, None, None]
    return {
        "score": error[numbers != NEITHER].sum() / count,
        "box": (1.0 - overlap + distance).sum() / count,
        "points": F.smooth_l1_loss(off, torch.zeros_like(off), beta=0.05, reduction="sum") / (10 * count),
    }


def _overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union `(k,)` of pairs of boxes `(k, 4)`, and the squared distance of their middles over the
    squared diagonal of the box about both (Zheng et al. 2020)."""
    spans = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0.0)
    common = spans.prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - common
    about = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    off = (a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2
    return common / union.clamp(min=1e-6), (off**2).sum(dim=1) / (about**2).sum(dim=1).clamp(min=1e-6)
