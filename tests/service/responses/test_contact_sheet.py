from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from service.responses.contact_sheet import XMP, sheet
from tests.service.asking import pixels, xmp


def drawn(shade: int) -> bytes:
    metadata, stream = PngInfo(), BytesIO()
    metadata.add_itxt(XMP, "<mark/>")
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(stream, "PNG", pnginfo=metadata)
    return stream.getvalue()


@pytest.mark.parametrize(("count", "columns", "rows"), [(2, 2, 1), (3, 2, 2), (5, 3, 2), (9, 3, 3), (10, 4, 3)])
def test_pictures_lie_row_by_row(count: int, columns: int, rows: int) -> None:
    page = sheet([drawn(10 + number) for number in range(count)])
    assert xmp(page) == "<mark/>"
    shades = pixels(page)[::3, ::4, 0]
    assert shades.shape == (rows, columns)
    expected = np.full(rows * columns, 255)
    expected[:count] = 10 + np.arange(count)
    np.testing.assert_array_equal(shades.ravel(), expected)


def test_one_picture_stays_as_it_is() -> None:
    assert sheet([drawn(5)]) == drawn(5)
