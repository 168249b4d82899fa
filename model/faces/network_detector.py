"""The project's own detector network behind the interface of all detectors, run by ONNX Runtime."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.engine.onnx_session import session_of
from model.faces.detector import Detection, overlap
from model.faces.detector_checkpoint import bundled_detector, read_detector
from model.networks.detector_cells import (
    CANDIDATES,
    FARTHEST,
    MAX_OVERLAP,
    MIN_SCORE,
    MIN_SIDE,
    POINTS,
    SMALLEST_FACE,
    STRIDES,
    cell_places,
    looks,
    looks_at,
    seen_at,
)


class NetworkDetector:
    """Finds faces turned by up to about 60 degrees, with landmarks."""

    name = "facet"
    shared = False

    def __init__(
        self, model: Path | None = None, min_score: float = MIN_SCORE, smallest_face: float = SMALLEST_FACE
    ) -> None:
        """The bundled one, or that of a file. Raises InvalidCheckpoint if it is no detector."""
        self._looks = looks(smallest_face)
        self.longest = self._looks[-1]
        file = read_detector(model or bundled_detector())
        self.id, self.card = file.id, file.card
        self._session = session_of(file.graph)
        self._min_score = min_score

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many."""
        if min(image.shape[:2]) < MIN_SIDE:
            return []
        found: list[Detection] = []
        for side in looks_at(max(image.shape[:2]), self._looks):
            found = joined(found, self._found(image, side))
            if at_most is not None and len(found) >= at_most:
                break
        return largest(found, at_most)

    def _found(self, image: Pixels, longest: int) -> list[Detection]:
        seen = looked_at(image, longest)
        framed = filled_up(seen)
        (cells,) = self._session.run(None, {"images": framed[None]})
        height, width = framed.shape[:2]
        faces = faces_of(np.asarray(cells[0]), height, width, self._min_score)
        factor = max(image.shape[:2]) / max(seen.shape[:2])
        return [each.scaled(factor) for each in faces if each.middle_in(seen)]


def looked_at(image: Pixels, longest: int) -> Pixels:
    """A picture as a look of a longest side shows it."""
    height, width = seen_at(image.shape[0], image.shape[1], longest)
    if (height, width) == image.shape[:2]:
        return image
    how = cv2.INTER_AREA if height < len(image) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def filled_up(image: Pixels) -> Pixels:
    """A picture `(h, w, 3)` with grey at its right and below, up to multiples of the largest stride."""
    right, below = (-side % STRIDES[-1] for side in image.shape[1::-1])
    framed = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(128, 128, 128))
    return np.asarray(framed, np.uint8)


def faces_of(cells: NDArray[np.float32], height: int, width: int, min_score: float = MIN_SCORE) -> list[Detection]:
    """The faces in a picture whose cells' numbers are `(cells, 15)`, by score; landmarks count from pixels' middles."""
    scores = 1.0 / (1.0 + np.exp(-cells[:, 0]))
    chosen = np.flatnonzero(scores > min_score)
    chosen = chosen[np.argsort(-scores[chosen])][:CANDIDATES]
    middle, stride = (each[chosen] for each in cell_places(height, width))
    reach = np.exp(np.minimum(cells[chosen, 1:5], FARTHEST)) * stride[:, None]
    corner, size = middle - reach[:, :2], reach[:, :2] + reach[:, 2:]
    points = middle[:, None] + cells[chosen, 5:].reshape(-1, POINTS, 2) * stride[:, None, None] - np.float32(0.5)
    rows = zip(corner.tolist(), size.tolist(), scores[chosen].tolist(), points, strict=True)
    return suppressed([Detection((x, y, wide, high), score, each) for (x, y), (wide, high), score, each in rows])


def largest(faces: list[Detection], at_most: int | None) -> list[Detection]:
    """The largest faces, no more than so many."""
    return sorted(faces, key=lambda each: -each.area)[:at_most]


def joined(found: list[Detection], later: list[Detection]) -> list[Detection]:
    """What was found, and what a later look found elsewhere: a face is the same however many are asked for."""
    return found + [each for each in later if all(overlap(each.box, one.box) <= MAX_OVERLAP for one in found)]


def suppressed(faces: list[Detection]) -> list[Detection]:
    """Of faces that overlap, the one with the highest score; the surest first."""
    if not faces:
        return []
    kept = cv2.dnn.NMSBoxes([each.box for each in faces], [each.score for each in faces], 0.0, MAX_OVERLAP)
    return [faces[number] for number in kept]
