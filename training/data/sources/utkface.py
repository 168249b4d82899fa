"""UTKFace: `age_gender_race_date.jpg`, faces of all ages without names."""

import re
from collections.abc import Iterator
from pathlib import Path

from training.data.sources.pictures import Failure, Picture, files, split_of

NAME = re.compile(r"(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_\d+")


def read_utkface(root: Path) -> Iterator[Picture | Failure]:
    """The pictures of UTKFace, from a folder or a tar of it, with age (years), gender (1 female) and race (0 to 4)."""
    for name, path, offset, size in files(root):
        stem = Path(name).name.split(".")[0]
        labels = NAME.fullmatch(stem)
        if labels:
            attributes = {label: int(code) for label, code in labels.groupdict().items()}
            yield Picture(stem, path, offset, size, split=split_of(stem), attributes=attributes)
        else:
            yield Failure(stem, f"{name}: expected age_gender_race_date as name, gender 0 or 1, race 0 to 4")
