"""Turn a data set's pictures into shards of aligned, labelled crops, in parallel and restartable."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from model.errors import FacetError
from model.faces.alignment import Frame, crop, frame_of
from model.faces.detector import Box, Detection, Detector, load_detector, overlap
from model.images.decode import ImageLimits, decode
from training.data.regions import encode, outline, regions
from training.data.shards import CROP_SIZE, MARGIN, Sample, write_shard
from training.data.sources.pictures import Failure, Picture

SHARD_SIZE = 256
JPEG_QUALITY = 95
LIMITS = ImageLimits()
MIN_OVERLAP = 0.1
"""A detected face is the subject if it overlaps the owners' box by this much: their boxes are looser or tighter."""


@dataclass(frozen=True)
class Preparation:
    """How pictures are prepared."""

    detector: Path | None = None
    """A detector's file; None takes the bundled one."""
    landmarker: Path | None = None
    """Face Landmarker's file; None leaves pose and blendshapes without labels."""
    teacher: bool = False
    """Whether to store the identity teacher's features, of the faces that Face Landmarker, where it is used, finds."""


class Preparer:
    """Detects, aligns and labels one picture at a time."""

    def __init__(self, how: Preparation) -> None:
        self._detector: Detector = load_detector(how.detector)
        self._head = self._teacher = None
        if how.landmarker or how.teacher:
            from training.data.labellers import HeadLabeller, IdentityTeacher

            self._head = HeadLabeller(how.landmarker) if how.landmarker else None
            self._teacher = IdentityTeacher() if how.teacher else None

    def prepare(self, picture: Picture) -> Sample | Failure:
        """The crop with its labels, or why there is none."""
        try:
            image = decode(picture.read(), LIMITS)
        except (FacetError, OSError) as error:
            return Failure(picture.key, str(error))
        found = self._detector.detect(image)
        if not found:
            return Failure(picture.key, f"{self._detector.name} finds no face")
        subject = within(found, picture.box) if picture.box else central(found, image)
        if subject is None:
            return Failure(picture.key, f"{self._detector.name} finds no face where the data set has its box")
        frame = frame_of(subject)
        # Face Landmarker misses a third of the full profiles: they stay, without what it would have told.
        head = self._head.label(image, frame) if self._head else None
        unsure = self._head is not None and head is None
        canvas = Frame(frame.center, MARGIN * frame.side, frame.rotation)
        points = _in_canvas(outline() if head is None else head.points)
        features = [] if head is None else [points[part] for part in head.features]
        return Sample(
            key=picture.key,
            split=picture.split,
            crop=_jpeg(crop(image, canvas, CROP_SIZE)),
            regions=encode(regions(image, canvas, CROP_SIZE, points, features)),
            side=frame.side,
            detector=self._detector.name,
            identity=picture.identity,
            expression=picture.expression,
            pose=None if head is None else head.pose.tolist(),
            blendshapes=None if head is None else head.blendshapes.tolist(),
            teacher=self._teacher.features(image, frame).tolist() if self._teacher and not unsure else None,
            video=picture.video,
            valence_arousal=None if picture.valence_arousal is None else list(picture.valence_arousal),
            attributes=picture.attributes,
        )

    def close(self) -> None:
        if self._head:
            self._head.close()


def central(found: Sequence[Detection], image: Pixels) -> Detection:
    """The face that a data set's picture is of: the one nearest to its centre, in units of the face's size."""
    middle = np.array(image.shape[1::-1]) / 2

    def off(detection: Detection) -> float:
        x, y, width, height = detection.box
        return float(np.hypot(*(np.array([x + width / 2, y + height / 2]) - middle))) / width

    return min(found, key=off)


def within(found: Sequence[Detection], box: Box) -> Detection | None:
    """The face that a data set's box is about: the one with the greatest intersection over union, if that is enough."""
    best = max(found, key=lambda detection: overlap(detection.box, box))
    return best if overlap(best.box, box) >= MIN_OVERLAP else None


def _in_canvas(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points over the frame's side, from its corner, as the stored crop's pixels."""
    return np.asarray(((points - 0.5) / MARGIN + 0.5) * CROP_SIZE - 0.5, np.float32)


def prepare(
    pictures: Sequence[Picture | Failure],
    folder: Path,
    how: Preparation,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Failure]:
    """Write shards for all pictures below `folder`; shards that are there already are kept.

    What a reader could not make a picture of is only listed. `progress` is told how many pictures each finished shard
    had. Each shard's failures are in `.failures` beside it, and all of them in `failures.jsonl`. Raises ValueError if
    the folder was begun with other pictures or in another way: its shards would not go together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _begin(folder, pictures, how)
    shards = [pictures[start : start + SHARD_SIZE] for start in range(0, len(pictures), SHARD_SIZE)]
    failures: list[Failure] = []
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        tasks = {
            pool.submit(_prepare_shard, shard, folder / f"{number:05d}.parquet", how): len(shard)
            for number, shard in enumerate(shards)
        }
        for task in as_completed(tasks):
            failures += task.result()
            if progress:
                progress(tasks[task])
    failures.sort(key=lambda failure: failure.key)
    lines = "".join(json.dumps(asdict(failure)) + "\n" for failure in failures)
    (folder / "failures.jsonl").write_text(lines)
    return failures


def _begin(folder: Path, pictures: Sequence[Picture | Failure], how: Preparation) -> None:
    """Write what a folder is made of, or compare it with what is written."""
    keys = hashlib.sha256("\n".join(item.key for item in pictures).encode()).hexdigest()
    files = {name: path.name if path else None for name, path in vars(how).items() if name != "teacher"}
    facts = {"pictures": len(pictures), "keys": keys, "teacher": how.teacher, **files}
    path = folder / "preparation.json"
    before = json.loads(path.read_text()) if path.exists() else facts
    other = [name for name, fact in facts.items() if before.get(name) != fact]
    if other:
        raise ValueError(f"{folder} was begun with other {', '.join(other)}; remove it, or name another folder")
    path.write_text(json.dumps(facts, indent=2) + "\n")


def _prepare_shard(pictures: Sequence[Picture | Failure], path: Path, how: Preparation) -> list[Failure]:
    listed = path.with_suffix(".failures")
    if not path.exists():
        cv2.setNumThreads(1)
        preparer = Preparer(how)
        results = [item if isinstance(item, Failure) else preparer.prepare(item) for item in pictures]
        preparer.close()
        failures = [asdict(result) for result in results if isinstance(result, Failure)]
        listed.write_text(json.dumps(failures))  # before the shard, whose presence says that both are there
        write_shard(path, [result for result in results if isinstance(result, Sample)])
    return [Failure(**failure) for failure in json.loads(listed.read_text())]


def _jpeg(pixels: Pixels) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()
