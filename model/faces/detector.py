"""What a face detector is, and which one to use."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels, Precision
from model.networks.detector_cells import LONGEST_SIDE as LONGEST_SIDE
from model.networks.detector_cells import SMALLEST_FACE, looks

Kind = Literal["facet", "yunet", "haar"]

Box = tuple[float, float, float, float]
"""x, y, width, height in a picture's pixels."""


@dataclass(frozen=True)
class Detection:
    """One face in a picture, in the picture's pixels."""

    box: Box
    """May reach beyond the picture."""
    score: float
    """Confidence from 0 to 1; scales differ between detectors."""
    landmarks: NDArray[np.float32] | None = None
    """`(5, 2)`: the eye at the picture's left, the other eye, nose tip, mouth's left corner, its right corner."""

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]

    def scaled(self, factor: float) -> "Detection":
        """The same face in the picture enlarged."""
        x, y, width, height = (factor * number for number in self.box)
        landmarks = None if self.landmarks is None else np.float32(factor) * (self.landmarks + 0.5) - np.float32(0.5)
        return Detection((x, y, width, height), self.score, landmarks)

    def moved(self, right: float, down: float) -> "Detection":
        """The same face with everything so many pixels further."""
        x, y, width, height = self.box
        landmarks = None if self.landmarks is None else self.landmarks + np.array([right, down], np.float32)
        return Detection((x + right, y + down, width, height), self.score, landmarks)

    def middle_in(self, image: Pixels) -> bool:
        """Whether the middle of the box lies in a picture `(h, w, 3)`."""
        x, y, width, height = self.box
        rows, columns = image.shape[:2]
        return bool(0 <= x + width / 2 < columns and 0 <= y + height / 2 < rows)


class Detector(Protocol):
    """Finds faces. Not safe for several threads at once, each of which has its own, unless it is shared."""

    name: str
    longest: int
    """What pictures are reduced to before it looks at them: pixels of the longer side."""
    shared: bool
    """Whether all threads use the same one, which puts pictures that are looked at together into batches."""

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many.

        To ask for few may spare the search for smaller ones. Boxes and landmarks may reach beyond the picture.
        """


def load_detector(
    model: Path | None = None,
    kind: Kind | None = None,
    device: str = "cpu",
    precision: Precision = "auto",
    smallest_face: float = SMALLEST_FACE,
    any_angle: bool = False,
) -> Detector:
    """The detector of a file, or without one the project's own that comes with the package.

    `facet` is the project's network, a safetensors file; `yunet` an ONNX file; `haar` OpenCV's cascades, which have no
    file. Without a `kind` the file's ending says which it is. The project's network runs on a `device` that is a GPU,
    in a `precision` as the model does; all else runs on the processors, in float32. `smallest_face` is the width of the
    smallest one that is looked for, over the picture's longer side; with `any_angle` faces may hang upside down. Raises
    InvalidCheckpoint if the file is missing or no such detector, InvalidRequest if there is no such device or the
    detector cannot do what is asked.
    """
    detector = _detector(model, kind, device, precision, smallest_face)
    if not any_angle:
        return detector
    from model.faces.any_angle import AnyAngleDetector

    return AnyAngleDetector(detector)


def _detector(
    model: Path | None, kind: Kind | None, device: str, precision: Precision, smallest_face: float
) -> Detector:
    if kind is None:
        kind = "yunet" if model is not None and model.suffix == ".onnx" else "facet"
    if kind == "haar":
        from model.faces.haar import HaarDetector

        return HaarDetector(looks(smallest_face)[-1])
    if kind == "yunet":
        from model.faces.yunet import YuNetDetector

        return YuNetDetector(model, longest=looks(smallest_face)[-1])
    if device != "cpu":
        # Imported late, as torch takes seconds.
        from model.engine.device import choose_device, choose_precision

        if (chosen := choose_device(device)).type == "cuda":
            from model.faces.device_detector import DeviceDetector

            return DeviceDetector(model, chosen, choose_precision(precision, chosen), smallest_face=smallest_face)
    from model.faces.network_detector import NetworkDetector

    return NetworkDetector(model, smallest_face=smallest_face)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, from 0 to 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0.0) * max(height, 0.0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def reduced(image: Pixels, longest: int = LONGEST_SIDE) -> tuple[Pixels, float]:
    """The picture with its longest side at most `longest`, and the factor from it back to the original."""
    factor = max(image.shape[:2]) / longest
    if factor <= 1.0:
        return image, 1.0
    height, width = (max(1, round(side / factor)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8), factor
