"""VoxCeleb1's frames: `unzippedIntervalFaces/data/<identity>/1.6/<video>/<n>.jpg`, for style by video."""

import re
from collections.abc import Iterator
from pathlib import Path

from training.data.sources.layout import Layout
from training.data.sources.pictures import JPEG, Failure, Picture, Split, files, split_of

SCALE = "1.6"
"""The folder between identity and video: how far the owners' crops reach beyond the face."""


def read_voxceleb(root: Path) -> Iterator[Picture | Failure]:
    """The frames with identity and video; the test split is the owners'.

    Frames may lie in a further folder for each segment of the video. Raises ValueError for a folder without that
    layout.
    """
    layout = Layout("VoxCeleb1's frames", root)
    data = layout.find("unzippedIntervalFaces/data", "data")
    layout.check()
    for name, path, offset, size in files(data, JPEG):
        match name.split("/"):
            case [person, scale, video, *_, _] if scale == SCALE:
                key = name.rpartition(".")[0].replace(f"/{SCALE}/", "/", 1)
                yield Picture(key, path, offset, size, person, split=_split(person), video=video)
            case _:
                yield Failure(name, f"{path}: expected {data}/<identity>/{SCALE}/<video>/<n>.jpg")


def _split(person: str) -> Split:
    """The owners test on the people whose names begin with E, id10270 to id10309 (Nagrani et al. 2017)."""
    coded = re.fullmatch(r"id(\d+)", person)
    tested = 10270 <= int(coded[1]) <= 10309 if coded else person.startswith("E")
    return "test" if tested else split_of(person)
