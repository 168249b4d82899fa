"""Detectors side by side: recall on photographs, turned ones, portraits and tiles, false alarms, landmarks, time."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.faces.detector import Box, Detection, Detector, overlap, reduced
from model.images.decode import ImageLimits, decode
from training.evaluation.report import percent

ENOUGH = 0.35
"""Overlap with the reference's box from which a face counts as found: the cascades' boxes are of another shape."""
CROWDED = 416
"""Longest side of crowded pictures."""
SIZES = (("of 20 pixels and more", 20.0, math.inf), ("of 12 to 20", 12.0, 20.0))
"""Of their faces: the root of the box's area."""
LIMITS = ImageLimits(min_side=16)
Finder = Callable[[Pixels], list[Detection]]


@dataclass(frozen=True)
class Photograph:
    """A picture and the faces in it by the reference detector, all of which are to be found."""

    image: Pixels
    faces: tuple[Detection, ...]


@dataclass(frozen=True)
class Row:
    """One measure of one detector."""

    measure: str
    detector: str
    value: float
    count: int

    def __str__(self) -> str:
        shown = f"{self.value:.2f}" if self.measure.startswith(("milliseconds", "false")) else percent(self.value)
        return f"{self.measure:<44} {self.detector:<8} {shown:>8}  of {self.count}"


def central(path: Path, reference: Finder) -> Photograph | None:
    """A photograph with the face nearest to its middle; None if the reference finds none."""
    image = decode(path.read_bytes(), LIMITS)
    middle = np.array(image.shape[1::-1]) / 2

    def off(face: Detection) -> float:
        return float(np.hypot(*(np.array(face.box[:2]) + np.array(face.box[2:]) / 2 - middle)))

    found = reference(image)
    return Photograph(image, (min(found, key=off),)) if found else None


def largest(path: Path, reference: Finder) -> Photograph | None:
    """A portrait with its largest face; None if the reference finds none."""
    image = decode(path.read_bytes(), LIMITS)
    found = reference(image)
    return Photograph(image, (found[0],)) if found else None


def crowded(path: Path, reference: Finder) -> Photograph | None:
    """A picture at the size of crowded ones, with all of its faces; None if the reference finds none."""
    image, _ = reduced(decode(path.read_bytes(), LIMITS), CROWDED)
    found = reference(image)
    return Photograph(image, tuple(found)) if found else None


def of_size(photographs: Sequence[Photograph], least: float, below: float) -> list[Photograph]:
    """The same pictures, of whose faces those between two sizes are to be found; without pictures of none."""
    kept = [
        (each.image, [face for face in each.faces if least <= math.sqrt(face.area) < below]) for each in photographs
    ]
    return [Photograph(image, tuple(faces)) for image, faces in kept if faces]


def turned(photograph: Photograph, degrees: float) -> Photograph:
    """The photograph turned clockwise about its middle, its border repeated beyond it."""
    image = photograph.image
    height, width = image.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    there = np.asarray(cv2.getRotationMatrix2D(middle, -degrees, 1.0), np.float64)
    shown = cv2.warpAffine(image, there, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Photograph(np.asarray(shown, np.uint8), tuple(_through(face, there, degrees) for face in photograph.faces))


def _through(face: Detection, transform: NDArray[np.float64], degrees: float) -> Detection:
    """A face through a rotation; its box becomes that about its turned ellipse."""
    x, y, width, height = face.box
    middle = transform[:, :2] @ [x + width / 2 - 0.5, y + height / 2 - 0.5] + transform[:, 2] + 0.5
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, down = math.hypot(width * cos, height * sin), math.hypot(width * sin, height * cos)
    points = None if face.landmarks is None else face.landmarks @ transform[:, :2].T + transform[:, 2]
    box = (float(middle[0]) - across / 2, float(middle[1]) - down / 2, across, down)
    return Detection(box, face.score, None if points is None else points.astype(np.float32))


def tiled(photographs: Sequence[Photograph], side: int, width: int = 640, height: int = 480) -> list[Photograph]:
    """Pictures full of square photographs reduced to a side; the last one may be filled up with grey."""
    columns, rows = width // side, height // side
    made = []
    for first in range(0, len(photographs), columns * rows):
        canvas, faces = np.full((height, width, 3), 128, np.uint8), []
        for number, each in enumerate(photographs[first : first + columns * rows]):
            left, top = side * (number % columns), side * (number // columns)
            canvas[top : top + side, left : left + side] = cv2.resize(
                each.image, (side, side), interpolation=cv2.INTER_AREA
            )
            scale = side / each.image.shape[1]
            faces += [face.scaled(scale).moved(left, top) for face in each.faces]
        made.append(Photograph(canvas, tuple(faces)))
    return made


def recall(photographs: Iterable[Photograph], find: Finder) -> tuple[float, int]:
    """The share of the faces that are found, and how many there are."""
    hits = [
        any(overlap(face.box, each.box) >= ENOUGH for each in found)
        for one, found in ((one, find(one.image)) for one in photographs)
        for face in one.faces
    ]
    return float(np.mean(hits)), len(hits)


def false_alarms(pictures: Sequence[Pixels], find: Finder) -> float:
    """Faces found in a thousand pictures without any."""
    return 1000 * sum(len(find(each)) for each in pictures) / len(pictures)


def landmark_distance(photographs: Iterable[Photograph], find: Finder) -> tuple[float, int]:
    """The mean distance to the reference's landmarks over the distance between its eyes, of the faces both find."""
    distances = []
    for one in photographs:
        found = find(one.image)
        for face in one.faces:
            best = max(found, key=lambda each, box=face.box: overlap(each.box, box), default=None)  # type: ignore[misc]
            if best is None or best.landmarks is None or face.landmarks is None or _apart(best.box, face.box):
                continue
            eyes = float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
            distances.append(float(np.linalg.norm(best.landmarks - face.landmarks, axis=1).mean()) / eyes)
    return (float(np.mean(distances)), len(distances)) if distances else (math.nan, 0)


def at_twice_the_size(find: Finder) -> Finder:
    """A detector that looks at pictures enlarged: how far its landmarks are from its own tells how sure they are."""

    def found(image: Pixels) -> list[Detection]:
        wide = cv2.resize(image, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
        return [each.scaled(0.5) for each in find(np.asarray(wide, np.uint8))]

    return found


def _apart(a: Box, b: Box) -> bool:
    return overlap(a, b) < ENOUGH


def milliseconds(pictures: Sequence[Pixels], find: Finder) -> float:
    """Of the processor for one picture."""
    began = time.process_time()
    for each in pictures:
        find(each)
    return 1000 * (time.process_time() - began) / len(pictures)


def compare(
    detectors: Sequence[Detector],
    photographs: Sequence[Photograph],
    portraits: dict[str, Sequence[Photograph]],
    nothing: Sequence[Pixels],
    crowds: Sequence[Photograph] = (),
) -> Iterable[Row]:
    """All measures of all detectors. `photographs` are square, with the face in the middle."""
    measures: list[tuple[str, Sequence[Photograph]]] = [("photographs", photographs)]
    for degrees in (30, 60):
        both = [turned(each, degrees if number % 2 else -degrees) for number, each in enumerate(photographs)]
        measures.append((f"turned by ±{degrees}°", both))
    measures += [(f"portraits, {view}", each) for view, each in portraits.items()]
    measures += [(f"tiles of {side} pixels", tiled(photographs, side)) for side in (106, 64)]
    measures += [(f"crowds, {name}", of_size(crowds, *sizes)) for name, *sizes in SIZES if crowds]
    for name, pictures in measures:
        for detector in detectors:
            yield Row(f"found: {name}", detector.name, *recall(pictures, detector.detect))
    for detector in detectors:
        if nothing:
            yield Row("false alarms in 1000", detector.name, false_alarms(nothing, detector.detect), len(nothing))
    for detector in detectors:
        distance, count = landmark_distance(photographs, detector.detect)
        if count:
            yield Row("landmarks off, of the eyes", detector.name, distance, count)
    for detector in detectors:
        images = [each.image for each in photographs[:100]]
        spent = milliseconds(images, lambda image, one=detector: one.detect(image, 1))  # type: ignore[misc]
        yield Row("milliseconds a photograph", detector.name, spent, len(images))
