"""A picture of a data set before preparation: where its bytes lie and what its owners say of it."""

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model.faces.detector import Box

Split = Literal["train", "val", "test"]
JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Picture:
    """One picture file, alone or inside a tar archive."""

    key: str
    """Unique in its data set, stable between runs."""
    path: Path
    """The file, or the archive that holds it."""
    offset: int = 0
    size: int | None = None
    """Where the bytes lie in `path`; None takes the whole file."""
    identity: str | None = None
    expression: str | None = None
    split: Split = "train"
    video: str | None = None
    """The clip of the person that the picture is a frame of."""
    valence_arousal: tuple[float, float] | None = None
    """How pleasant and how excited, from -1 to 1."""
    attributes: dict[str, int] | None = None
    """Other labels, by the data set's own names and codes."""
    box: Box | None = None
    """Where the owners see the face that the labels are of."""

    def read(self) -> bytes:
        """The encoded picture."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(-1 if self.size is None else self.size)


@dataclass(frozen=True)
class Failure:
    """A picture, or a row that should name one, that was left out, and why."""

    key: str
    reason: str


def files(root: Path, suffixes: tuple[str, ...] = JPEG) -> Iterator[tuple[str, Path, int, int | None]]:
    """Name relative to the root, path, offset and size of every picture below a folder or inside a tar, by name.

    Raises ValueError for a file that is no tar, or a compressed one: its pictures have no place to be read from.
    """
    if root.is_file():
        try:
            with tarfile.open(root, "r:") as archive:
                members = [member for member in archive if member.isfile() and member.name.lower().endswith(suffixes)]
        except tarfile.ReadError as error:
            raise ValueError(f"{root} is no tar archive without compression: {error}") from error
        for member in sorted(members, key=lambda member: member.name):
            yield member.name, root, member.offset_data, member.size
    else:
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() in suffixes and path.is_file():
                yield path.relative_to(root).as_posix(), path, 0, None


def split_of(name: str, validation_share: float = 0.05, test_share: float = 0.0) -> Split:
    """The split of a person (or a picture without one), by hash: the same in every run and on every machine."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
    if place < validation_share:
        return "val"
    return "test" if place < validation_share + test_share else "train"
