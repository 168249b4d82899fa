"""Where faces lie in whole photographs, as a teacher saw them once, kept as lines of JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.errors import FacetError
from model.faces.detector import Box, Detection, Detector, overlap
from model.images.decode import ImageLimits, decode
from training.data.sources.pictures import Failure, Picture, Split

SMALL = 1100
"""Pictures up to this longest side are looked at twice as large too: of a crowd's faces of 12 to 20 pixels the teacher
finds half, and the others would be learnt as background."""
SAME = 0.3
"""Overlap from which two finds are one face."""
LIMITS = ImageLimits(min_side=16)


@dataclass(frozen=True)
class Labelled:
    """A picture and the faces in it; of one without any, the places where a detector saw some nevertheless."""

    picture: Picture
    faces: tuple[Detection, ...]
    alarms: tuple[Box, ...] = ()


def label(image: Pixels, teacher: Detector, twice: bool = True) -> list[Detection]:
    """All faces in an RGB picture, sure and unsure ones, each with its score."""
    found = teacher.detect(image)
    if twice and max(image.shape[:2]) <= SMALL:
        double = np.asarray(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
        found += [each.scaled(0.5) for each in teacher.detect(double)]
    kept: list[Detection] = []
    for each in sorted(found, key=lambda one: -one.score):
        if all(overlap(each.box, other.box) < SAME for other in kept):
            kept.append(each)
    return kept


def write_labels(
    pictures: Iterable[Picture | Failure],
    teacher: Detector,
    path: Path,
    *,
    empty: bool,
    twice: bool = True,
    progress: Callable[[], None] | None = None,
) -> None:
    """Append a line for each picture that has none in the file yet; a last line that was cut off is dropped.

    `empty` is for pictures that should hold no face: the others are kept out, and without it those in which the teacher
    sees none. Pictures of the test split, and ones that cannot be read, are kept out always.
    """
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines := lines[:-1]))
    known = {json.loads(line)["key"] for line in lines}
    with path.open("a") as file:
        for picture in pictures:
            if isinstance(picture, Picture) and picture.key not in known:
                row = _row(picture, teacher, empty, twice)
                file.write(json.dumps(row) + "\n")
                file.flush()
            if progress:
                progress()


def _row(picture: Picture, teacher: Detector, empty: bool, twice: bool) -> dict[str, object]:
    row: dict[str, object] = {"key": picture.key}
    if picture.split == "test":
        return row | {"left_out": "of the test split"}
    try:
        faces = label(decode(picture.read(), LIMITS), teacher, twice)
    except (FacetError, OSError) as error:
        return row | {"left_out": str(error)}
    if empty == bool(faces):
        return row | {"left_out": "a face" if faces else "no face"}
    place = {"path": str(picture.path), "offset": picture.offset, "size": picture.size, "split": picture.split}
    return row | place | {"faces": [_numbers(face) for face in faces]}


def mine(path: Path, detector: Detector, progress: Callable[[], None] | None = None) -> int:
    """Write down in a file of labels where a detector sees faces in its pictures without any; returns how many.

    What was mined before is replaced. Raises ValueError naming a line that is none.
    """
    labelled = {split: read_labels([path], split) for split in get_args(Split)}
    alarms: dict[str, list[list[float]]] = {}
    for each in chain(*labelled.values()):
        if not each.faces:
            seen = detector.detect(decode(each.picture.read(), LIMITS))
            alarms[each.picture.key] = [[round(number, 1) for number in face.box] for face in seen]
        if progress:
            progress()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [json.dumps(row | {"alarms": alarms[row["key"]]} if row["key"] in alarms else row) for row in rows]
    fresh = path.with_suffix(".part")
    fresh.write_text("".join(f"{line}\n" for line in lines))
    fresh.replace(path)
    return sum(map(len, alarms.values()))


def _numbers(face: Detection) -> list[float]:
    """Box, score and landmarks in one list."""
    points = [] if face.landmarks is None else face.landmarks.ravel().tolist()
    return [round(float(number), 3) for number in (*face.box, face.score, *points)]


def read_labels(paths: Sequence[Path], split: Split) -> Iterator[Labelled]:
    """The labelled pictures of a split. Raises ValueError naming a line that is none."""
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                row = json.loads(line)
                if "left_out" not in row and row["split"] == split:
                    picture = Picture(row["key"], Path(row["path"]), row["offset"], row["size"], split=split)
                    alarms = tuple((x, y, width, height) for x, y, width, height in row.get("alarms", ()))
                    yield Labelled(picture, tuple(_detection(numbers) for numbers in row["faces"]), alarms)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}:{number}: no labelled picture ({error!r})") from error


def _detection(numbers: list[float]) -> Detection:
    x, y, width, height, score, *points = numbers
    landmarks = np.array(points, np.float32).reshape(5, 2)
    return Detection((x, y, width, height), score, landmarks)
