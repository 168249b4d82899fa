"""What OpenCV may decode, and that its pixels are Pillow's."""

from contextlib import suppress
from io import BytesIO
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngInfo

from model.errors import FacetError
from model.images import decode as images
from model.images.decode import ImageLimits, decode_reduced
from model.images.encode import SourceType, encode_png
from model.images.opencv_decode import MAX_PNG_PIXELS, decode_plain, plain
from tests.faces import draw_face

LIMITS = ImageLimits()
FACE = Image.fromarray(draw_face(65, seed=1))
TURNED = Image.Exif()
TURNED[Base.Orientation] = 6


def saved(form: str, image: Image.Image = FACE, **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def by_pillow(data: bytes, side: int | None) -> tuple[np.ndarray, float]:
    return images._decoded(data, LIMITS, side)


XMP = b"<x:xmpmeta><rdf:Description tiff:Orientation='6'/></x:xmpmeta>"
TEXT = PngInfo()
TEXT.add_itxt("XML:com.adobe.xmp", XMP.decode())
PACKED = PngInfo()
PACKED.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
RAW = PngInfo()
RAW.add_text("Raw profile type exif", "\nexif\n8\n0000")

PLAIN = {
    "fine": saved("JPEG", quality=95, subsampling=0),
    "half": saved("JPEG", quality=60, subsampling=1),
    "coarse": saved("JPEG", quality=20, subsampling=2),
    "restarts": saved("JPEG", restart_marker_blocks=2),
    "profile": saved("JPEG", icc_profile=b"\xff\xd9" * 400),
    "comment": saved("JPEG", comment=b"a face"),
    "turned": saved("JPEG", exif=TURNED),
    "with more behind it": saved("JPEG") + b"a film",
    "large": saved("JPEG", FACE.resize((1200, 900))),
    "png": saved("PNG"),
    "stored png": saved("PNG", compress_level=0),
    "drawn png": encode_png(np.asarray(FACE), SourceType.TRAINED),
}
OTHER = {
    "progressive": saved("JPEG", progressive=True),
    "grey jpeg": saved("JPEG", FACE.convert("L")),
    "cmyk": saved("JPEG", FACE.convert("CMYK")),
    "turned by xmp": saved("JPEG", xmp=XMP),
    "end missing": saved("JPEG")[:-2],
    "second scan": saved("JPEG")[:-2] + b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00\xff\xd9",
    "grey png": saved("PNG", FACE.convert("L")),
    "transparent": saved("PNG", FACE.convert("RGBA")),
    "one transparent colour": saved("PNG", transparency=(1, 2, 3)),
    "palette": saved("PNG", FACE.convert("P")),
    "turned png": saved("PNG", exif=TURNED),
    "png turned by xmp": saved("PNG", pnginfo=TEXT),
    "packed text": saved("PNG", pnginfo=PACKED),
    "raw exif": saved("PNG", pnginfo=RAW),
    "animated": saved("PNG", save_all=True, append_images=[FACE.rotate(90)]),
    "large png": saved("PNG", FACE.resize((MAX_PNG_PIXELS // 100 + 1, 100))),
    "webp": saved("WEBP"),
    "text": b"no picture",
    "nothing": b"",
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("side", [None, 30, 400])
def test_plain_pictures_have_the_pixels_of_pillow(name: str, side: int | None) -> None:
    data = PLAIN[name]
    found = plain(data)
    assert found is not None
    assert found.size == Image.open(BytesIO(data)).size
    pixels, factor = decode_reduced(data, LIMITS, side)
    expected, expected_factor = by_pillow(data, side)
    np.testing.assert_array_equal(pixels, expected)
    assert factor == expected_factor


@pytest.mark.parametrize("name", OTHER)
def test_what_is_not_plain_is_left_to_pillow(name: str) -> None:
    assert plain(OTHER[name]) is None


@pytest.mark.parametrize("fraction", [1, 2, 4, 8])
def test_a_jpeg_at_a_fraction(fraction: int) -> None:
    pixels = decode_plain(PLAIN["large"], fraction)
    assert pixels is not None
    assert pixels.shape == (900 // fraction + (900 % fraction > 0), 1200 // fraction, 3)


def test_what_is_beyond_opencvs_own_limits_is_left_to_pillow() -> None:
    with patch("cv2.imdecode", side_effect=cv2.error("Assertion failed: pixels <= CV_IO_MAX_IMAGE_PIXELS")):
        assert decode_plain(PLAIN["fine"]) is None
        np.testing.assert_array_equal(decode_reduced(PLAIN["fine"], LIMITS, None)[0], by_pillow(PLAIN["fine"], None)[0])


def test_damaged_exif_is_left_to_pillow() -> None:
    data = PLAIN["turned"].replace(b"MM\x00*", b"XX\x00*")
    assert plain(data) is not None
    np.testing.assert_array_equal(decode_reduced(data, LIMITS, None)[0], by_pillow(data, None)[0])
    assert images._decoded_plain(data, LIMITS, None) is None


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about metadata that was damaged here on purpose
@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(PLAIN)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_pictures_too_are_what_pillow_makes_of_them(name: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(PLAIN[name])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    with suppress(FacetError):
        found = images._decoded_plain(bytes(data), LIMITS, None)
        if found is not None:
            np.testing.assert_array_equal(found[0], by_pillow(bytes(data), None)[0])
