"""The project's own detector network behind the interface of all detectors."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.engine.backend import Pixels
from model.faces.detector import LONGEST_SIDE, Detection, overlap
from model.faces.detector_checkpoint import load_detector_network
from model.networks.detector_network import STRIDES, DetectorNetwork, Separable, decoded

MIN_SCORE = 0.5
MAX_OVERLAP = 0.35
MIN_SIDE = 16
"""Thinner pictures hold no face."""
FIRST_SIDE = 320
"""Longest side at which pictures are looked at first; larger ones once more at `LONGEST_SIDE`, for smaller faces."""
CANDIDATES = 300
"""Best cells of a picture that become boxes."""


class NetworkDetector:
    """Finds faces turned by up to about 60 degrees, with landmarks."""

    name = "facet"

    def __init__(self, model: Path, min_score: float = MIN_SCORE) -> None:
        """Raises InvalidCheckpoint if the file is no detector."""
        checkpoint = load_detector_network(model)
        self.id, self.card = checkpoint.id, checkpoint.card
        self._network = fused(checkpoint.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._min_score = min_score

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many."""
        if min(image.shape[:2]) < MIN_SIDE:
            return []
        found = self._found(image, FIRST_SIDE)
        if max(image.shape[:2]) > FIRST_SIDE and (at_most is None or len(found) < at_most):
            found = suppressed(found + self._found(image, LONGEST_SIDE))
        return sorted(found, key=lambda each: -each.area)[:at_most]

    def _found(self, image: Pixels, longest: int) -> list[Detection]:
        factor = max(max(image.shape[:2]) / longest, 1.0)
        height, width = (max(1, round(side / factor)) for side in image.shape[:2])
        if factor > 1.0:
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        with torch.inference_mode():
            (faces,) = found(self._network, prepared(image[None]), self._min_score)
        return [each.scaled(factor) for each in faces if each.middle_in(image)]


def prepared(images: NDArray[np.uint8]) -> Tensor:
    """RGB pictures `(n, h, w, 3)` as the network takes them: filled up with grey to multiples of the largest stride."""
    height, width = (-(-side // STRIDES[-1]) * STRIDES[-1] for side in images.shape[1:3])
    filled = torch.zeros(len(images), height, width, 3)
    filled[:, : images.shape[1], : images.shape[2]] = torch.from_numpy(np.ascontiguousarray(images)).float() / 127.5 - 1
    return filled.permute(0, 3, 1, 2)


def found(network: DetectorNetwork, images: Tensor, min_score: float) -> list[list[Detection]]:
    """The faces in each of the pictures `(n, 3, h, w)`, by score; landmarks lie between pixels' middles."""
    cells = decoded(network(images))
    scores = torch.sigmoid(cells.logits)
    best, which = scores.topk(min(CANDIDATES, scores.shape[1]), dim=1)
    result = []
    for n in range(len(images)):
        chosen = which[n][best[n] > min_score]
        boxes, points = cells.boxes[n][chosen].cpu().numpy(), cells.points[n][chosen].cpu().numpy() - 0.5
        rows = zip(scores[n][chosen].tolist(), boxes.tolist(), points, strict=True)
        faces = [Detection((x, y, x2 - x, y2 - y), score, each) for score, (x, y, x2, y2), each in rows]
        result.append(suppressed(faces))
    return result


def suppressed(faces: list[Detection]) -> list[Detection]:
    """Of faces that overlap, the one with the highest score."""
    kept: list[Detection] = []
    for each in sorted(faces, key=lambda one: -one.score):
        if all(overlap(each.box, other.box) < MAX_OVERLAP for other in kept):
            kept.append(each)
    return kept


def fused(network: DetectorNetwork) -> DetectorNetwork:
    """The network with each normalisation in the convolution before it; it computes the same in evaluation mode."""
    stem = network.stem
    stem[0], stem[1] = fuse_conv_bn_eval(stem[0], stem[1]), torch.nn.Identity()  # type: ignore[type-var, arg-type]
    for block in network.modules():
        if isinstance(block, Separable):
            block.spread = fuse_conv_bn_eval(block.spread, block.spread_norm)
            block.mix = fuse_conv_bn_eval(block.mix, block.mix_norm)
            block.spread_norm = block.mix_norm = torch.nn.Identity()  # type: ignore[assignment]
    return network
