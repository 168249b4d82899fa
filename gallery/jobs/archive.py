"""Archives of pictures, read entry by entry and never unpacked to disk: .zip, .tar and .tar.gz."""

import gzip
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Self, cast

from gallery.jobs.import_source import FREE_BYTES, Entry, Limits, Source, is_hidden, too_large
from model.errors import ArchiveBomb, InvalidRequest, NotFound, UnreadableFile

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
)
_END = b"PK\5\6"
_END_SIZE = 22
_END64_LOCATOR = b"PK\6\7"
_END64 = b"PK\6\6"
_DIRECTORY_ENTRY_BYTES = 46 + 1024
"""Of a zip's directory, for each entry: more than one with a path of usual length has."""
_GZIP = b"\x1f\x8b"
_CONTENTS = (*tarfile.REGULAR_TYPES, tarfile.LNKTYPE, tarfile.SYMTYPE)
"""Of a tar's members those whose size is that of a file; that of the others is read into memory."""
_MOST_HEADER_BYTES = 2**20
_TAR_MARK = slice(257, 262)


def open_archive(path: Path, limits: Limits) -> Source:
    """The archive in a file, by its content.

    Raises NotFound where there is no file, InvalidRequest for one that is no archive, and ArchiveBomb.
    """
    if not path.is_file():
        raise NotFound(f"there is no archive {path}")
    with path.open("rb") as file:
        start = file.read(512)
        try:
            zipped = zipfile.is_zipfile(file)
        except _DAMAGE as error:
            raise InvalidRequest(f"the .zip cannot be read: {error}") from error
    if start.startswith(_GZIP) or start[_TAR_MARK] == b"ustar":
        return TarArchive(path, limits, compressed=start.startswith(_GZIP))
    if zipped:
        return ZipArchive(path, limits)
    raise InvalidRequest("this is no archive that can be read; send a .zip, .tar or .tar.gz")


class _Meter:
    """Counts what is unpacked. Raises ArchiveBomb beyond the limits."""

    def __init__(self, packed: int, limits: Limits) -> None:
        self._most = min(limits.max_unpacked_bytes, max(FREE_BYTES, packed * limits.max_ratio))
        self._count = 0

    def add(self, count: int) -> None:
        self._count += count
        if self._count > self._most:
            raise ArchiveBomb(f"the archive unfolds into more than {self._most} bytes", limit=self._most)


def _check_entries(count: int, limits: Limits) -> None:
    if count > limits.max_entries:
        raise ArchiveBomb(f"the archive has more than {limits.max_entries} entries", limit=limits.max_entries)


class ZipArchive:
    """The files of a .zip."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Raises InvalidRequest where its directory is damaged, and ArchiveBomb where that is too long."""
        self._limits = limits
        self._meter = _Meter(path.stat().st_size, limits)
        try:
            with path.open("rb") as file:
                # The whole directory is read into memory at once.
                if _directory_size(file) > limits.max_entries * _DIRECTORY_ENTRY_BYTES:
                    _check_entries(limits.max_entries + 1, limits)
            self._archive = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise InvalidRequest(f"the .zip cannot be read: {error}") from error
        infos = self._archive.infolist()
        _check_entries(len(infos), limits)
        # Of an empty name the library cannot say whether it is a folder's, and fails.
        named = [info for info in infos if info.filename]
        self._files = [info for info in named if not info.is_dir() and not is_hidden(info.filename)]
        self.total: int | None = len(self._files)

    def entries(self) -> Iterator[Entry]:
        """Every file."""
        for info in self._files:
            yield Entry(info.filename, partial(self._read, info))

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        kind = info.external_attr >> 28
        if kind not in (0, _REGULAR):
            raise UnreadableFile("this is a link or a device, and no file")
        if info.flag_bits & 1:
            raise UnreadableFile("the file is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Of the others zipfile unpacks a whole chunk, however long that gets.
            raise UnreadableFile("the file is compressed in another way than by deflate")
        limit = self._limits.max_file_bytes
        try:
            with self._archive.open(info) as file:
                data = file.read(limit + 1)
        except _DAMAGE as error:
            raise UnreadableFile(f"the file is damaged: {error}") from error
        self._meter.add(len(data))
        if len(data) > limit:
            raise too_large(limit)
        return data


_REGULAR = 0o10
"""What the upper four bits of a Unix mode say of a regular file; archives of other systems have 0."""


def _directory_size(file: IO[bytes]) -> int:
    """Bytes that the directory of a .zip says that it has, 0 where there is none."""
    size = file.seek(0, 2)
    start = max(0, size - 0xFFFF - _END_SIZE)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + _END_SIZE:
        return 0
    found: int = struct.unpack_from("<I", tail, place + 12)[0]
    if place >= 20 and tail[place - 20 : place - 16] == _END64_LOCATOR:
        file.seek(struct.unpack_from("<Q", tail, place - 12)[0])
        record = file.read(56)
        if record.startswith(_END64) and len(record) == 56:
            found = struct.unpack_from("<Q", record, 40)[0]
    return found


class _Metered:
    """A stream whose bytes are counted."""

    def __init__(self, stream: IO[bytes], meter: _Meter) -> None:
        self._stream, self._meter = stream, meter

    def read(self, count: int) -> bytes:
        """The next bytes. Raises ArchiveBomb when there were too many."""
        data = self._stream.read(count)
        self._meter.add(len(data))
        return data


class _Member(tarfile.TarInfo):
    """A header that does not make tarfile read a flood of names into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """The header in a block. Raises ArchiveBomb."""
        member = super().frombuf(buf, encoding, errors)
        if member.type not in _CONTENTS and member.size > _MOST_HEADER_BYTES:
            raise ArchiveBomb(f"the archive has a header of {member.size} bytes", limit=_MOST_HEADER_BYTES)
        return member


def _printable(name: str) -> str:
    """A name that is not UTF-8 with question marks for what is not: tarfile has surrogates there, which no database
    takes."""
    return name.encode("utf-8", "replace").decode("utf-8")


class TarArchive:
    """The files of a .tar or .tar.gz, read in one go from its beginning."""

    total: int | None = None

    def __init__(self, path: Path, limits: Limits, *, compressed: bool) -> None:
        self._path, self._limits, self._compressed = path, limits, compressed

    def entries(self) -> Iterator[Entry]:
        """Every file. Raises InvalidRequest where the archive is damaged, and ArchiveBomb."""
        meter, count = _Meter(self._path.stat().st_size, self._limits), 0
        try:
            with self._path.open("rb") as file:
                stream = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if self._compressed else file
                metered = cast(IO[bytes], _Metered(stream, meter))
                with tarfile.open(fileobj=metered, mode="r|", tarinfo=_Member) as archive:
                    for member in archive:
                        # It keeps every member that it met.
                        archive.members.clear()  # type: ignore[attr-defined]
                        count += 1
                        _check_entries(count, self._limits)
                        if not member.isdir() and not is_hidden(member.name):
                            yield Entry(_printable(member.name), partial(self._read, archive, member))
        except _DAMAGE as error:
            raise InvalidRequest(f"the archive is damaged: {error}") from error

    def _read(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        if not member.isreg():
            raise UnreadableFile("this is a link or a device, and no file")
        limit = self._limits.max_file_bytes
        if member.size > limit:
            raise too_large(limit)
        file = archive.extractfile(member)
        assert file is not None
        try:
            return file.read()
        except _DAMAGE as error:
            raise UnreadableFile(f"the file is damaged: {error}") from error
