"""How well a detector finds the faces of composed pictures that it was not trained on."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from model.faces.detector import Detection, overlap
from model.faces.network_detector import faces_of
from model.networks.detector_network import DetectorNetwork, numbers_of
from training.detector.assignment import Faces
from training.detector.batches import DetectorBatch

ENOUGH = 0.4
"""Overlap from which a face counts as found."""
THRESHOLD = 0.5
"""Score from which a find counts."""


@torch.no_grad()
def found(network: DetectorNetwork, images: Tensor) -> list[list[Detection]]:
    """The faces in each of some pictures `(n, 3, h, w)`, by score."""
    cells = numbers_of(network.eval()(images)).float().cpu().numpy()
    height, width = images.shape[2:]
    return [faces_of(each, height, width, THRESHOLD) for each in cells]


@torch.no_grad()
def validate(network: DetectorNetwork, batches: Iterable[DetectorBatch]) -> dict[str, float]:
    """`recall` of the sure faces, `recall_small` of those under 24 pixels, `false` alarms a picture, and the mean
    distance of landmarks over the face's size as `points`."""
    hits: list[tuple[float, bool, float]] = []
    alarms = pictures = 0
    for batch in batches:
        for faces, truth in zip(found(network, batch.images), batch.faces, strict=True):
            pictures += 1
            alarms += _match(faces, truth, hits)
    sizes, caught, off = (np.array(column, float) for column in zip(*hits, strict=True))
    return {
        "recall": float(caught.mean()),
        "recall_small": float(caught[sizes < 24].mean()) if (sizes < 24).any() else 1.0,
        "false": alarms / pictures,
        "points": float(np.nanmean(off)) if caught.any() else 1.0,
    }


def _match(faces: list[Detection], truth: Faces, hits: list[tuple[float, bool, float]]) -> int:
    """Add size, whether it was found, and its landmarks' distance for each sure face; return the false alarms."""
    boxes = [(x, y, x2 - x, y2 - y) for x, y, x2, y2 in truth.boxes.tolist()]
    for box, points, sure in zip(boxes, truth.points.cpu().numpy(), truth.sure.tolist(), strict=True):
        if sure:
            size = float(np.sqrt(box[2] * box[3]))
            best = max(faces, key=lambda each, box=box: overlap(each.box, box), default=None)  # type: ignore[misc]
            caught = best is not None and overlap(best.box, box) >= ENOUGH
            off = np.nan
            if caught and best is not None and best.landmarks is not None:
                off = float(np.linalg.norm(best.landmarks + 0.5 - points, axis=1).mean()) / size
            hits.append((size, caught, off))
    return sum(all(overlap(each.box, box) < 0.2 for box in boxes) for each in faces)
