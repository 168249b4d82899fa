"""What is audited: labelled pictures, cut to the model's frame."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.errors import FacetError
from model.faces.alignment import crop, frame_of, whole_frame
from model.faces.detector import Detector
from model.images.decode import decode
from training.data.prepare import LIMITS, central
from training.data.sources.folder import read_folder
from training.data.sources.layout import read_rows
from training.data.sources.pictures import Failure, Picture


@dataclass(frozen=True)
class Material:
    """n pictures that could be read, and what was left out."""

    pictures: list[Picture]
    crops: Pixels
    """`(n, size, size, 3)`; of a picture without a face its middle."""
    found: NDArray[np.bool_]
    """`(n,)` whether there was a face."""
    failures: list[Failure]


def read_labelled(place: Path) -> Iterator[Picture | Failure]:
    """The pictures of a folder `identity/picture.jpg`, or of a CSV of path, identity, expression, or some of both.

    Paths in the CSV count from its folder; an empty cell is no label. Raises ValueError if the CSV has no column of
    paths, or neither of labels.
    """
    if place.suffix.lower() != ".csv":
        yield from read_folder(place)
        return
    for row in read_rows(place, ["path"], dict):
        if isinstance(row, Failure):
            yield row
            continue
        where, cells = row
        if not cells.keys() & {"identity", "expression"}:
            raise ValueError(f"{place}:1: expected a column identity or expression beside path")
        if not (place.parent / cells["path"]).is_file():
            yield Failure(cells["path"], f"{where}: there is no {place.parent / cells['path']}")
            continue
        identity, expression = (cells.get(label) or None for label in ("identity", "expression"))
        yield Picture(cells["path"], place.parent / cells["path"], identity=identity, expression=expression)


def align_all(
    items: Sequence[Picture | Failure],
    detector: Detector | None,
    size: int,
    progress: Callable[[], None] = lambda: None,
) -> Material:
    """Cut the face out of each picture; without a detector the pictures are crops already.

    `progress` is called after each. A picture that cannot be read is a Failure.
    """
    pictures: list[Picture] = []
    crops: list[Pixels] = []
    found: list[bool] = []
    failures: list[Failure] = []
    for item in items:
        progress()
        if isinstance(item, Failure):
            failures.append(item)
            continue
        try:
            image = decode(item.read(), LIMITS)
        except (FacetError, OSError) as error:
            failures.append(Failure(item.key, str(error)))
            continue
        faces = detector.detect(image) if detector else []
        frame = frame_of(central(faces, image)) if faces else whole_frame(image)
        pictures.append(item)
        crops.append(crop(image, frame, size))
        found.append(detector is None or bool(faces))
    stacked = np.stack(crops) if crops else np.empty((0, size, size, 3), np.uint8)
    return Material(pictures, stacked, np.array(found, bool), failures)
