"""Any folder of `identity/picture.jpg`, or a tar of it."""

from collections.abc import Iterator
from pathlib import Path

from training.data.sources.pictures import JPEG, Failure, Picture, files, split_of

SUFFIXES = (*JPEG, ".png", ".webp")


def read_folder(root: Path, validation_share: float = 0.05, test_share: float = 0.0) -> Iterator[Picture | Failure]:
    """The pictures, each of the person whose folder it lies in; the people of each split by hash."""
    for name, path, offset, size in files(root, SUFFIXES):
        person = name.rpartition("/")[0]
        if person:
            yield Picture(name, path, offset, size, person, split=split_of(person, validation_share, test_share))
        else:
            yield Failure(name, f"{path}: expected <identity>/{name}")
