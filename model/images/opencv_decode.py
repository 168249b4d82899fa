"""Pictures so plain that OpenCV may decode them, in a half to a fifth of the time that Pillow takes.

That is a JPEG of one baseline scan in three colours, and a small PNG of 8-bit RGB without interlacing; both complete.
The time for either is bounded by its pixels, which are those that Pillow gives. Of a damaged scan libjpeg writes a line
to stderr, where Pillow keeps it silent.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from model.engine.backend import Pixels

MAX_PNG_PIXELS = 2**16
"""Of larger ones the decompression takes most of the time, in either library."""
FRACTIONS = {1: 0, 2: 16, 4: 32, 8: 64}
"""Flags of OpenCV that have a JPEG decoded at a half, a quarter or an eighth."""

_COLOURS = 3
_FRAME, _HUFFMAN, _SCAN, _END, _QUANTISERS, _RESTARTS, _COMMENT = 0xC0, 0xC4, 0xDA, 0xD9, 0xDB, 0xDD, 0xFE
_EXIF, _ADOBE, _APPLICATIONS = 0xE1, 0xEE, range(0xE0, 0xF0)
_NO_EFFECT = {_HUFFMAN, _QUANTISERS, _RESTARTS, _COMMENT, *_APPLICATIONS} - {_ADOBE}
_IN_SCAN = np.isin(np.arange(256), [0x00, 0x01, *range(0xD0, 0xD8), 0xFF])
"""What follows the byte 0xFF where no segment begins: nothing, a restart, or another of these."""
_MAX_SEGMENTS, _LEAST_LENGTH = 64, 2
_EXIF_HEAD = b"Exif\0\0"

_PNG = b"\x89PNG\r\n\x1a\n"
_RGB = b"\x08\x02\x00\x00\x00"
"""Eight bits, three colours, the one compression and filtering that there are, no interlacing."""
_CHUNKS, _TEXTS = {b"IDAT", b"pHYs", b"tIME"}, {b"tEXt", b"iTXt"}
_KEYWORD = 82
"""Bytes of a chunk of text in which its keyword ends and it says whether it is compressed."""


@dataclass(frozen=True)
class Plain:
    """What the bytes of a plain picture say of it."""

    size: tuple[int, int]
    """Width and height, as stored."""
    is_jpeg: bool
    exif: bytes = b""
    """EXIF as it lies in a JPEG."""


def plain(data: bytes) -> Plain | None:
    """What there is to know of a plain picture; None for every other."""
    if data.startswith(b"\xff\xd8\xff"):
        return _plain_jpeg(data)
    return _plain_png(data) if data.startswith(_PNG) else None


def decode_plain(data: bytes, fraction: int = 1) -> Pixels | None:
    """The pixels `(h, w, 3)` of a plain picture as stored, a JPEG's at a half, a quarter or an eighth.

    None where the decoder stumbles over them.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION | FRACTIONS[fraction]
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # beyond OpenCV's own limits, which are wider than the usual ones of a service
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def markers(data: bytes, start: int) -> np.ndarray:
    """Where segments begin in a JPEG, from the beginning of a scan's data on; in them may be what looks the same."""
    view = np.frombuffer(data, np.uint8, offset=start)
    following = view[1:]
    # Most such bytes are followed by a zero; the comparisons take a byte for each of the data, a place takes eight.
    places = np.flatnonzero((view[:-1] == 0xFF) & (following != 0x00) & (following != 0xFF))
    return start + places[~_IN_SCAN[following[places]]]


def _plain_jpeg(data: bytes) -> Plain | None:
    size, exif, place = None, b"", 2
    for _ in range(_MAX_SEGMENTS):
        if place + 10 > len(data) or data[place] != 0xFF:
            return None
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        end = place + 2 + length
        if length < _LEAST_LENGTH:
            return None
        if marker == _FRAME and size is None:
            if data[place + 4] != 8 or data[place + 9] != _COLOURS:
                return None
            size = int.from_bytes(data[place + 7 : place + 9]), int.from_bytes(data[place + 5 : place + 7])
        elif marker == _SCAN:
            is_whole = data[place + 4] == _COLOURS and _is_last(data, end)
            return Plain(size, True, exif) if size is not None and is_whole else None
        elif marker == _EXIF and data.startswith(_EXIF_HEAD, place + 4):
            exif += data[place + 4 + len(_EXIF_HEAD) * bool(exif) : end]
        elif marker not in _NO_EFFECT or (marker == _EXIF and b"Orientation" in data[place:end]):
            return None  # also what XMP says of how to turn it, which Pillow reads
        place = end
    return None


def _is_last(data: bytes, start: int) -> bool:
    """Whether a scan, whose data begin at a place, is followed by the end."""
    if start >= len(data):
        return False
    found = markers(data, start)
    return len(found) > 0 and data[found[0] + 1] == _END


def _plain_png(data: bytes) -> Plain | None:
    chunks = _chunks(data)
    header = next(chunks, None)
    if header is None or header[0] != b"IHDR" or header[1][8:] != _RGB:
        return None
    size = int.from_bytes(header[1][:4]), int.from_bytes(header[1][4:8])
    if size[0] * size[1] > MAX_PNG_PIXELS:
        return None
    for name, body in chunks:
        if name == b"IEND":
            return Plain(size, False) if next(chunks, None) is None else None
        if name not in _CHUNKS and (name not in _TEXTS or _may_turn(body)):
            return None
    return None


def _may_turn(text: bytes) -> bool:
    """Whether a chunk of text may say how to turn the picture, as XMP or EXIF, or is compressed."""
    return b"Orientation" in text or text.startswith(b"Raw") or b"\0\1" in text[:_KEYWORD]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each intact chunk of a PNG, up to the first that is not."""
    place = len(_PNG)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        end = place + 12 + length
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            return
        yield data[place + 4 : place + 8], data[place + 8 : end - 4]
        place = end
