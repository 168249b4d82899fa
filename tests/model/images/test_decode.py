"""Untrusted pictures: every kind that is accepted, and every refusal by its error."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import Base

from model.errors import FacetError, ImageTooLarge, ImageTooSmall, UnreadableImage, UnsupportedImage
from model.images.decode import ImageLimits, decode, decode_reduced
from model.images.encode import XMP_CHUNK, SourceType, encode_png
from tests.faces import draw_face, jpeg, png, webp

LIMITS = ImageLimits()
PICTURE = draw_face(48, seed=1)


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def bare_png(width: int, height: int, colour_type: int = 2) -> bytes:
    """A PNG of a few bytes: a header that promises a size, and black for 20 rows of 20 bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(20 * 21)))
        + chunk(b"IEND", b"")
    )


def test_lossless_formats_give_the_pixels() -> None:
    for data in (png(PICTURE), webp(PICTURE)):
        np.testing.assert_array_equal(decode(data, LIMITS), PICTURE)
    loss = np.abs(decode(jpeg(PICTURE, quality=95), LIMITS).astype(int) - PICTURE)
    assert 0 < loss.mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    stored = np.zeros((20, 32, 3), np.uint8)
    stored[:6, :6] = 255  # white in the corner that is stored first
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode(saved(Image.fromarray(stored), exif=exif), LIMITS)
    # Where EXIF 2.3 puts row 0 and column 0 for each orientation: (top?, left?).
    top, left = {1: (1, 1), 2: (1, 0), 3: (0, 0), 4: (0, 1), 5: (1, 1), 6: (1, 0), 7: (0, 0), 8: (0, 1)}[orientation]
    assert upright.shape == ((20, 32, 3) if orientation < 5 else (32, 20, 3))
    assert (upright[0 if top else -1, 0 if left else -1] == 255).all()
    assert int((upright == 255).sum()) == 6 * 6 * 3


def test_quarter_turns_are_told_from_mirrored_ones() -> None:
    stored = np.arange(20 * 32 * 3, dtype=np.uint32).reshape(20, 32, 3).astype(np.uint8)
    for orientation, expected in {6: np.rot90(stored, -1), 8: np.rot90(stored), 5: stored.swapaxes(0, 1)}.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        np.testing.assert_array_equal(decode(saved(Image.fromarray(stored), exif=exif), LIMITS), expected)


def test_transparent_parts_are_white() -> None:
    layer = np.zeros((20, 20, 4), np.uint8)
    layer[..., 0] = 200
    layer[:10, :, 3] = 255
    layer[10:, :, 3] = 51  # a fifth
    flat = decode(saved(Image.fromarray(layer)), LIMITS)
    assert flat[0, 0].tolist() == [200, 0, 0]
    assert flat[-1, 0].tolist() == [244, 204, 204]
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert decode(saved(palette), LIMITS)[0, 0].tolist() == [10, 20, 30]
    assert decode(saved(palette, transparency=0), LIMITS)[0, 0].tolist() == [255, 255, 255]


def test_other_colour_modes() -> None:
    ramp = np.linspace(0, 65535, 400).reshape(20, 20).astype(np.uint16)
    deep = decode(saved(Image.fromarray(ramp)), LIMITS)
    np.testing.assert_array_equal(deep[..., 1], np.rint(ramp / 257).astype(np.uint8))
    cmyk = Image.new("CMYK", (20, 20), (0, 255, 255, 0))
    red, green, blue = decode(saved(cmyk, "JPEG"), LIMITS)[5, 5].tolist()
    assert red > 245
    assert green < 10
    assert blue < 10
    assert decode(saved(Image.new("L", (20, 20), 77)), LIMITS)[3, 3].tolist() == [77, 77, 77]
    assert decode(saved(Image.new("1", (20, 20), 1)), LIMITS)[3, 3].tolist() == [255, 255, 255]
    assert decode(saved(Image.new("LA", (20, 20), (77, 0))), LIMITS)[3, 3].tolist() == [255, 255, 255]


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(form: str) -> None:
    first, second = Image.new("RGB", (20, 20), (255, 0, 0)), Image.new("RGB", (20, 20), (0, 0, 255))
    data = saved(first, form, save_all=True, append_images=[second], duration=100, lossless=True)
    assert decode(data, LIMITS)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "error", "word"),
    [
        (b"", UnreadableImage, "empty"),
        (b"this is no picture, whatever its name says", UnsupportedImage, "JPEG, PNG or WebP"),
        (saved(Image.fromarray(PICTURE), "GIF"), UnsupportedImage, "convert"),
        (saved(Image.fromarray(PICTURE), "BMP"), UnsupportedImage, "convert"),
        (png(PICTURE)[:200], UnreadableImage, "complete"),
        (jpeg(PICTURE)[:-300], UnreadableImage, "complete"),
        (webp(PICTURE)[:-300], UnreadableImage, "complete"),
        (b"\xff\xd8\xff", UnreadableImage, "complete"),
        (b"\x89PNG\r\n\x1a\n", UnreadableImage, "complete"),
        (b"RIFF\0\0\0\0WEBP", UnreadableImage, "complete"),
        (bare_png(20, 20, colour_type=3), UnreadableImage, "complete"),  # palette numbers without a palette
        (png(PICTURE[:1, :1]), ImageTooSmall, "at least 16"),
        (png(PICTURE[:15]), ImageTooSmall, "48x15"),
        (bare_png(20_000, 20_000), ImageTooLarge, "40000000"),
        (bare_png(10_000, 10_000), ImageTooLarge, "40000000"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), ImageTooLarge, "bytes"),
    ],
)
def test_what_is_refused(data: bytes, error: type[FacetError], word: str) -> None:
    with pytest.raises(error, match=word):
        decode(data, LIMITS)


def test_limits_hold_to_the_pixel_and_the_byte() -> None:
    data = png(PICTURE)
    assert decode(data, ImageLimits(max_bytes=len(data), max_pixels=48 * 48, min_side=48)).shape == (48, 48, 3)
    for limits in (ImageLimits(max_bytes=len(data) - 1), ImageLimits(max_pixels=48 * 48 - 1)):
        with pytest.raises(ImageTooLarge):
            decode(data, limits)
    with pytest.raises(ImageTooSmall):
        decode(data, ImageLimits(min_side=49))


def test_pillows_own_limit_plays_no_part() -> None:
    # More pixels than Pillow warns of, within a limit of ours; threads, because the limit must not be a global.
    wide = saved(Image.new("1", (100_000, 900)))
    with ThreadPoolExecutor(2) as pool:
        generous = pool.submit(decode, wide, ImageLimits(max_pixels=90_000_000))
        strict = pool.submit(decode, wide, LIMITS)
        assert generous.result().shape == (900, 100_000, 3)
        assert isinstance(strict.exception(), ImageTooLarge)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about metadata that was damaged here on purpose
@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.1, 1),
)
def test_damaged_bytes_are_a_picture_or_a_facet_error(form: str, changes: list[tuple[float, int]], keep: float) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = bytearray(saved(Image.fromarray(PICTURE), form, exif=exif))
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    # Any other exception than a FacetError, which every request answers in words, fails the test.
    with suppress(FacetError):
        picture = decode(bytes(data[: int(keep * len(data))]), LIMITS)
        assert picture.dtype == np.uint8
        assert picture.shape[2:] == (3,)


def test_a_drawn_picture_says_so() -> None:
    for source_type in SourceType:
        data = encode_png(PICTURE, source_type)
        np.testing.assert_array_equal(decode(data, LIMITS), PICTURE)
        with Image.open(BytesIO(data)) as image:
            packet = image.info[XMP_CHUNK]
        inner = packet[packet.index("?>") + 2 : packet.rindex("<?")]
        found = ElementTree.fromstring(inner).findall(
            ".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
        )
        assert [element.text for element in found] == [
            f"http://cv.iptc.org/newscodes/digitalsourcetype/{source_type.value}"
        ]
    assert [source_type.value for source_type in SourceType] == [
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
    ]


def test_a_photograph_says_nothing() -> None:
    with Image.open(BytesIO(encode_png(PICTURE, None))) as image:
        assert XMP_CHUNK not in image.info


@pytest.mark.parametrize(
    ("width", "height", "shape", "factor"),
    [
        (1600, 1200, (300, 400), 4.0),
        (1200, 1600, (400, 300), 4.0),
        (1599, 900, (450, 800), 1599 / 800),
        (799, 500, (500, 799), 1.0),
        (5000, 16, (2, 625), 8.0),
    ],
)
def test_a_large_jpeg_is_decoded_at_a_fraction(width: int, height: int, shape: tuple[int, int], factor: float) -> None:
    ramp = Image.linear_gradient("L").resize((width, height))
    for data in (saved(ramp.convert("RGB"), "JPEG"), saved(ramp, "JPEG", progressive=True)):
        pixels, found = decode_reduced(data, LIMITS, 400)
        assert pixels.shape == (*shape, 3)
        assert found == pytest.approx(factor)
        exact = np.asarray(ramp.resize((shape[1], shape[0]), Image.Resampling.BOX), float)
        assert np.abs(pixels[..., 0] - exact).max() < 8


def test_other_formats_and_turned_pictures_keep_their_scale_and_direction() -> None:
    ramp = Image.linear_gradient("L").resize((1600, 800)).convert("RGB")
    pixels, factor = decode_reduced(saved(ramp), LIMITS, 400)
    assert (pixels.shape, factor) == ((800, 1600, 3), 1.0)
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    pixels, factor = decode_reduced(saved(ramp, "JPEG", exif=exif), LIMITS, 400)
    assert (pixels.shape, factor) == ((400, 200, 3), 4.0)
    assert pixels[200, 10, 0] > 200 > 50 > pixels[200, -10, 0]
