"""What an import reads: the files of a folder, or of an archive that nobody has reason to trust."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

from model.errors import ImageTooLarge, InvalidRequest, NotFound, UnreadableFile

_HIDDEN = "__MACOSX"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold, so that a small one cannot unfold into a flood."""

    max_entries: int = 1_000_000
    max_unpacked_bytes: int = 100 * 2**30
    """Of all files together, as far as they are unpacked."""
    max_ratio: int = 200
    """Unpacked bytes for each byte of the archive, beyond the first `FREE_BYTES`."""
    max_file_bytes: int = 10 * 2**20
    """Of one file; a larger one is left out."""


FREE_BYTES = 64 * 2**20
"""What may be unpacked whatever the ratio: harmless, and more than a short archive of plain pictures needs."""


@dataclass(frozen=True)
class Entry:
    """One file, which may be read while it is the latest that its source gave."""

    path: str
    """As the source names it, with slashes."""
    read: Callable[[], bytes]
    """Its content. Raises a FacetError that says why there is none; ArchiveBomb ends the whole import."""


class Source(Protocol):
    """Files in an order that does not change from one reading to the next."""

    total: int | None
    """How many files there are, None where only reading to the end tells."""

    def entries(self) -> Iterator[Entry]:
        """Every file that is not hidden. Raises InvalidRequest for what cannot be read further."""


def is_hidden(path: str) -> bool:
    """Whether a file is what systems leave behind, such as `.DS_Store` and `__MACOSX/`."""
    return any(part.startswith(".") or part == _HIDDEN for part in PurePosixPath(path).parts if part != "..")


def checked_path(path: str) -> PurePosixPath:
    """The path of a file inside its source. Raises InvalidRequest for one that leads out of it, or names no file."""
    result = PurePosixPath(path)
    if not result.parts:
        raise InvalidRequest(f"the path {path!r} names no file")
    if result.is_absolute() or ".." in result.parts or "\\" in path or ":" in result.parts[0]:
        raise InvalidRequest(f"the path {path!r} leads out of the archive")
    return result


def too_large(limit: int) -> ImageTooLarge:
    """The error for a file of more bytes than a picture may have."""
    return ImageTooLarge(f"the file has more than {limit} bytes", max_image_bytes=limit)


class Folder:
    """The files below a folder, links left out, in the order of their paths."""

    def __init__(self, root: Path, limits: Limits) -> None:
        """Raises NotFound where there is no such folder."""
        if not root.is_dir():
            raise NotFound(f"there is no folder {root}")
        self._root, self._limits = root, limits
        self._paths = sorted(
            path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and not path.is_symlink()
        )
        self._paths = [path for path in self._paths if not is_hidden(path)]
        self.total: int | None = len(self._paths)

    def entries(self) -> Iterator[Entry]:
        """Every file."""
        for path in self._paths:
            yield Entry(path, partial(self._read, path))

    def _read(self, path: str) -> bytes:
        limit = self._limits.max_file_bytes
        try:
            # Between the listing and now a link may have taken the place of a file.
            with os.fdopen(os.open(self._root / path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise UnreadableFile(f"the file cannot be read: {error.strerror}") from error
        if len(data) > limit:
            raise too_large(limit)
        return data
