"""What is measured: picture files, and every so many frames of video files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.errors import UnreadableFile

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})

Key: TypeAlias = tuple[str, int | None]
"""The path of a file, and of a video the number of a frame."""


@dataclass(frozen=True)
class Shot:
    """One picture, or one frame of a video."""

    path: Path
    frame: int | None = None
    """Counted from 0."""
    seconds: float | None = None
    """Since the video's beginning."""
    pixels: Pixels | None = None
    """Of a frame, `(h, w, 3)`; a picture is read when it is its turn."""

    @property
    def key(self) -> Key:
        """What no other shot has."""
        return str(self.path), self.frame

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path) if self.frame is None else f"{self.path}, frame {self.frame}"


def files_in(places: Iterable[str | Path]) -> list[Path]:
    """The files as given, and of each folder every picture and video below it, sorted.

    Raises FileNotFoundError for a place that is not there, ValueError where there is no picture.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            below = (path for path in place.rglob("*") if path.suffix.lower() in PICTURES | VIDEOS)
            found += sorted(path for path in below if path.is_file())
        elif place.exists():
            found.append(place)
        else:
            raise FileNotFoundError(f"there is no {place}")
    if not found:
        raise ValueError("there are no pictures")
    return list(dict.fromkeys(found))


def shots_in(files: Iterable[Path], every: int = 1, known: frozenset[Key] = frozenset()) -> Iterator[Shot]:
    """Each picture, and the first and then every so many frames of each video, but for those that are known.

    Raises UnreadableFile for a video that cannot be opened.
    """
    for path in files:
        if path.suffix.lower() in VIDEOS:
            yield from _frames(path, every, known)
        elif (str(path), None) not in known:
            yield Shot(path)


def count_of(files: Iterable[Path], every: int = 1) -> int:
    """About how many shots there are: a video may have fewer frames than its header says."""
    return sum(-(-_length(path) // every) if path.suffix.lower() in VIDEOS else 1 for path in files)


def _opened(path: Path) -> cv2.VideoCapture:
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        raise UnreadableFile(f"{path} cannot be read as a video.")
    return video


def _length(path: Path) -> int:
    video = _opened(path)
    try:
        return max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        video.release()


def _frames(path: Path, every: int, known: frozenset[Key]) -> Iterator[Shot]:
    video = _opened(path)
    try:
        rate, number = video.get(cv2.CAP_PROP_FPS), 0
        while video.grab():
            if number % every == 0 and (str(path), number) not in known:
                decoded, pixels = video.retrieve()
                if decoded:
                    seconds = number / rate if rate > 0 else None
                    yield Shot(path, number, seconds, np.asarray(pixels[..., ::-1], np.uint8))
            number += 1
    finally:
        video.release()
