"""Untrusted pictures decoded within limits."""

import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFile
from PIL.ExifTags import Base
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from model.engine.backend import Pixels
from model.errors import ImageTooLarge, ImageTooSmall, UnreadableImage, UnsupportedImage
from model.images.opencv_decode import decode_plain, markers, plain

# What Pillow's decoders raise on damaged bytes.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transform that undoes each value of EXIF's Orientation."""

_BLOCK = 2**12

_SCAN, _END = 0xDA, 0xD9
"""The markers before a scan of a JPEG and after the last."""
MAX_SCANS = 32
"""Of a JPEG; encoders make up to about twenty, and ten for a photograph that is saved progressively."""
_MAX_SEGMENTS = 8 * MAX_SCANS
"""The scans with their tables."""


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may be."""

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 40_000_000
    min_side: int = 16
    max_seconds: float = 5.0
    """Time that decoding may take."""


def decode(data: bytes, limits: ImageLimits) -> Pixels:
    """The picture in some bytes, upright, `(h, w, 3)`; transparent parts are white, of an animation the first frame.

    Only the decoders of JPEG, PNG and WebP can be reached, and only after the header's size is within the limits.
    Raises ImageTooLarge, ImageTooSmall, UnsupportedImage, UnreadableImage.
    """
    return decode_reduced(data, limits, None)[0]


def decode_reduced(data: bytes, limits: ImageLimits, side: int | None) -> tuple[Pixels, float]:
    """What `decode` gives, a JPEG perhaps smaller, and the factor from it back to the original.

    A JPEG is decoded at a half, a quarter or an eighth as long as its longer side keeps `side` pixels: that spares most
    of the time. Raises what `decode` raises.
    """
    _check_bytes(data, limits)
    with _told(limits):
        return _decoded_plain(data, limits, side) or _decoded(data, limits, side)


def pixels_of(data: bytes, limits: ImageLimits, side: int | None) -> int:
    """How many pixels `decode_reduced` holds for a picture, by its header; raises what that leads it to raise."""
    _check_bytes(data, limits)
    if (known := plain(data)) is not None:
        (width, height), reduced = known.size, known.is_jpeg
    else:
        with _told(limits):
            image = _opened(_Timed(data, limits.max_seconds))
        width, height = image.size
        # Of a progressive JPEG the decoder keeps every coefficient.
        reduced = isinstance(image, JpegImageFile) and not image.info.get("progressive")
    _check_size(width, height, limits)
    fraction = _fraction((width, height), side) if reduced else 1
    return max(1, width // fraction) * max(1, height // fraction)


@contextmanager
def _told(limits: ImageLimits) -> Iterator[None]:
    """What Pillow's decoders raise, in words for who sent the picture."""
    try:
        yield
    except TimeoutError as error:
        raise UnreadableImage("The picture takes too long to decode; save it anew, not progressively.") from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except _DAMAGE as error:
        raise UnreadableImage("The picture is damaged or cut short; send the complete file.") from error


def decode_soon(data: bytes, limits: ImageLimits) -> Pixels | None:
    """What `decode` gives of a picture that takes no longer than its pixels do; None for every other.

    Raises the errors that the picture's size leads to.
    """
    _check_bytes(data, limits)
    decoded = _decoded_plain(data, limits, None)
    return None if decoded is None else decoded[0]


def _decoded_plain(data: bytes, limits: ImageLimits, side: int | None) -> tuple[Pixels, float] | None:
    """A plain picture, decoded by OpenCV; None for every other."""
    known = plain(data)
    if known is None:
        return None
    _check_size(*known.size, limits)
    pixels = decode_plain(data, _fraction(known.size, side) if known.is_jpeg else 1)
    if pixels is not None and known.exif:
        pixels = _turned(pixels, known.exif)
    return None if pixels is None else (pixels, max(known.size) / max(pixels.shape[:2]))


def _turned(pixels: Pixels, data: bytes) -> Pixels | None:
    """A picture as its EXIF says that it stands upright; None where that is damaged."""
    exif = Image.Exif()
    try:
        exif.load(data)
        turn = _turn(exif)
    except _DAMAGE:
        return None
    return pixels if turn is None else np.array(Image.fromarray(pixels).transpose(turn))


def _decoded(data: bytes, limits: ImageLimits, side: int | None) -> tuple[Pixels, float]:
    """A picture of any kind, decoded by Pillow."""
    stream = _Timed(data, limits.max_seconds)
    image = _opened(stream)
    _check_size(*image.size, limits)
    if isinstance(image, JpegImageFile):
        _check_scans(data, stream.tell())
    width, height = image.size
    if isinstance(image, JpegImageFile):
        fraction = _fraction(image.size, side)
        image.draft(None, (max(1, width // fraction), max(1, height // fraction)))
    turn = _turn(image.getexif())
    image.load()
    pixels = _flattened(image if turn is None else image.transpose(turn))
    return pixels, max(width, height) / max(pixels.shape[:2])


class _Timed(BytesIO):
    """Bytes that can be read until a time is up."""

    def __init__(self, data: bytes, seconds: float) -> None:
        super().__init__(data)
        self._deadline = time.monotonic() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._deadline:
            raise TimeoutError
        return super().read(size)


def _opened(data: BytesIO) -> ImageFile.ImageFile:
    # The plugin classes themselves: Image.open would also follow a JPEG into other formats, and it warns of large
    # pictures by a limit that is global to the process.
    start = data.getvalue()[:12]
    if start.startswith(b"\xff\xd8\xff"):
        image = JpegImageFile(data)
        # Asked for in small blocks, after each of which it can be stopped.
        image.decodermaxblock = _BLOCK
        return image
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile(data)
    if start.startswith(b"RIFF") and start[8:] == b"WEBP":
        return WebPImageFile(data)
    raise UnsupportedImage("The bytes are no JPEG, PNG or WebP picture; convert it to one of these.")


def _fraction(size: tuple[int, int], side: int | None) -> int:
    """The part of its size at which to decode a JPEG so that its longer side keeps that many pixels, if it has them."""
    return 1 if side is None else next((part for part in (8, 4, 2) if max(size) >= part * side), 1)


def _check_bytes(data: bytes, limits: ImageLimits) -> None:
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(
            f"The picture has {len(data)} bytes; send at most {limits.max_bytes}.", max_bytes=limits.max_bytes
        )
    if not data:
        raise UnreadableImage("The picture is empty; send the bytes of a JPEG, PNG or WebP file.")


def _check_size(width: int, height: int, limits: ImageLimits) -> None:
    if width * height > limits.max_pixels:
        raise _too_many_pixels(limits)
    if min(width, height) < limits.min_side:
        raise ImageTooSmall(
            f"The picture is {width}x{height} pixels; send one with at least {limits.min_side} a side.",
            min_side=limits.min_side,
        )


def _check_scans(data: bytes, first: int) -> None:
    """Refuse a JPEG with too many scans, or segments between them, given where the first begins.

    A scan of a few bytes makes the decoder pass over every pixel once more, 100,000 times in a file of the usual size.
    """
    found, place, scans = markers(data, first), first, 1
    for _ in range(_MAX_SEGMENTS):
        found = found[np.searchsorted(found, place) :]
        if not len(found) or data[found[0] + 1] == _END:
            return
        scans += data[found[0] + 1] == _SCAN
        if scans > MAX_SCANS:
            break
        place = found[0] + 2 + int.from_bytes(data[found[0] + 2 : found[0] + 4])
    raise UnreadableImage("The picture has too many scans; save it anew, not progressively.")


def _too_many_pixels(limits: ImageLimits) -> ImageTooLarge:
    return ImageTooLarge(
        f"The picture has too many pixels; reduce it to at most {limits.max_pixels} (width times height).",
        max_pixels=limits.max_pixels,
    )


def _turn(exif: Image.Exif) -> Image.Transpose | None:
    """What brings a picture upright, where it does not stand so."""
    return _UPRIGHT.get(exif.get(Base.Orientation, 1))


def _flattened(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        # 16-bit grey; Pillow's own conversion would clip it at 255.
        grey = np.asarray(np.asarray(image, np.float32) / 257.0 + 0.5, np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)
    if image.mode == "P" and image.palette is None:
        raise ValueError("a picture of palette numbers without a palette")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    return np.array(image.convert("RGB"))
