"""UTKFace: `age_gender_race_date.jpg`, faces of all ages without names."""

from collections.abc import Iterator
from pathlib import Path

from training.data.pictures import Picture, files, split_of


def read_utkface(root: Path) -> Iterator[Picture]:
    """The pictures of UTKFace, from a folder or a tar of it."""
    for name, path, offset, size in files(root):
        stem = Path(name).name.split(".")[0]
        yield Picture(stem, path, offset, size, split=split_of(stem))
