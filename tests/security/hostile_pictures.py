"""Pictures that mean harm or are merely odd, each with the answer that it must get."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.faces import draw_face, jpeg, png, webp

FACE = draw_face(seed=3)
OK, WRONG, LARGE = 200, 422, 413

Corpus = dict[str, tuple[bytes, int]]
"""The bytes of each picture by its name, and the status that it must get."""


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, depth: int, rows: bytes, *more: bytes, colour: int = 0) -> bytes:
    """A PNG that says what it is told to."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _black(width: int, height: int) -> bytes:
    """A 1-bit black PNG, whose pixels are a thousandth of their number in bytes."""
    return png_of(width, height, 1, zlib.compress(bytes((1 + (width + 7) // 8) * height), 9))


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def _with_segments(picture: bytes, *segments: bytes) -> bytes:
    return picture[:2] + b"".join(segments) + picture[2:]


def _resized_jpeg(picture: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header tells another size."""
    place = picture.index(b"\xff\xc0") + 5
    return picture[:place] + struct.pack(">HH", height, width) + picture[place + 4 :]


def scan_bomb(side: int, scans: int) -> bytes:
    """A progressive JPEG in which a scan of some bytes, which passes over all pixels, comes again and again."""
    picture = _saved(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    begin = picture.rindex(b"\xff\xda")
    return picture[:-2] + picture[begin:-2] * scans + picture[-2:]


def _large_webp() -> bytes:
    """A lossless WebP whose header tells of 16383 x 16383 pixels."""
    picture = bytearray(webp(FACE))
    place = picture.index(b"VP8L") + 9
    picture[place : place + 4] = struct.pack("<I", 16382 | 16382 << 14)
    return bytes(picture)


def _exif(orientation: int, size: int = 0) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes() + bytes(size)


def bombs() -> Corpus:
    """Few bytes, many pixels or much work."""
    text = PngInfo()
    text.add_itxt("Comment", "x" * 20_000_000, zip=True)
    much = zlib.compress(bytes(20_000_000))
    return {
        "png bomb": (_black(20_000, 20_000), LARGE),
        "png long line": (_black(1_000_000_000, 1), LARGE),
        "png rows that go on": (png_of(64, 64, 1, much), WRONG),
        "png text bomb": (_saved(Image.fromarray(FACE), "PNG", pnginfo=text), WRONG),
        "png profile bomb": (
            png_of(
                64, 64, 8, zlib.compress(bytes(65 * 64)), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000)))
            ),
            WRONG,
        ),
        "jpeg bomb": (_resized_jpeg(jpeg(FACE), 65_500, 65_500), LARGE),
        "jpeg scan bomb": (scan_bomb(500, 3000), WRONG),
        "webp bomb": (_large_webp(), LARGE),
        "gif bomb": (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(100), WRONG),
    }


def odd() -> Corpus:
    """Kinds of pictures that are rare and right, with a face in each."""
    image = Image.fromarray(FACE)
    palette = image.quantize(64)
    wide = np.asarray(image.convert("L"), np.uint16) * 257
    text = PngInfo()
    text.add_text("Comment", "x" * 2_000_000)
    frames = [image, Image.new("RGB", image.size), image]
    clear = image.convert("RGBA")
    clear.putalpha(255)
    return {
        "cmyk jpeg": (_saved(image.convert("CMYK"), "JPEG", quality=92), OK),
        "grey jpeg": (_saved(image.convert("L"), "JPEG", quality=92), OK),
        "progressive jpeg": (_saved(image, "JPEG", quality=92, progressive=True), OK),
        "16-bit grey png": (_saved(Image.fromarray(wide), "PNG"), OK),
        "palette png": (_saved(palette, "PNG"), OK),
        "palette png with transparency": (_saved(palette, "PNG", transparency=bytes([255] * 63 + [0])), OK),
        "transparent png": (_saved(clear, "PNG"), OK),
        "animated png": (_saved(image, "PNG", save_all=True, append_images=frames[1:]), OK),
        "animated webp": (_saved(image, "WEBP", save_all=True, append_images=frames[1:], lossless=True), OK),
        "webp with alpha": (_saved(clear, "WEBP", lossless=True), OK),
        "jpeg with 5 MB of comments": (_with_segments(jpeg(FACE), *[segment(0xFE, bytes(65_000))] * 80), OK),
        "jpeg with odd exif": (_with_segments(jpeg(FACE), segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")), OK),
        "jpeg with orientation 77": (_saved(image, "JPEG", quality=92, exif=_exif(77)), OK),
        "jpeg with much exif": (_saved(image, "JPEG", quality=92, exif=_exif(1, 60_000)), OK),
        "png with 2 MB of text": (_saved(image, "PNG", pnginfo=text), OK),
        "jpeg and zip": (jpeg(FACE) + b"PK\x03\x04" + bytes(2000) + b"PK\x05\x06" + bytes(18), OK),
        "png and page": (png(FACE) + b"<html><script>alert(1)</script></html>", OK),
    }


def wrong() -> Corpus:
    """What is no picture of the three formats, whatever it says."""
    others = {
        form: _saved(Image.fromarray(FACE), form) for form in ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PCX", "DDS")
    }
    good = png(FACE)
    return {
        **{form.lower(): (data, WRONG) for form, data in others.items()},
        "png that says jpeg": (b"\xff\xd8\xff" + good[3:], WRONG),
        "jpeg that says png": (b"\x89PNG\r\n\x1a\n" + jpeg(FACE)[8:], WRONG),
        "jpeg that says webp": (b"RIFF\x00\x10\x00\x00WEBP" + jpeg(FACE), WRONG),
        "png without pixels": (png_of(0, 0, 8, b""), WRONG),
        "png of a wrong kind": (png_of(64, 64, 7, zlib.compress(bytes(5000)), colour=5), WRONG),
        "png with a broken sum": (good[:20] + bytes([good[20] ^ 1]) + good[21:], WRONG),
        "png palette without colours": (png_of(64, 64, 8, zlib.compress(bytes(65 * 64)), colour=3), WRONG),
        "jpeg without pixels": (_resized_jpeg(jpeg(FACE), 0, 0), WRONG),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", WRONG),
        "pdf": (b"%PDF-1.7\n%\xff\xd8\xff", WRONG),
        "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n", WRONG),
        "address": (b"http://127.0.0.1:6379/", WRONG),
        "path": (b"/etc/passwd", WRONG),
        "script that is a gif": (b"GIF89a/*" + bytes(50) + b"*/=1;alert(1)", WRONG),
    }


@cache
def corpus() -> Corpus:
    """All of them."""
    return {**bombs(), **odd(), **wrong()}


def truncations() -> Iterator[tuple[str, bytes]]:
    """The three formats cut off at every 64th byte."""
    for name, picture in (("jpeg", jpeg(FACE)), ("png", png(FACE[::4, ::4])), ("webp", webp(FACE[::4, ::4]))):
        for end in range(0, len(picture) - 12, 64):
            yield f"{name}[:{end}]", picture[:end]
