"""Several drawn pictures on one sheet."""

import math
from collections.abc import Sequence
from io import BytesIO

XMP = "XML:com.adobe.xmp"


def sheet(pictures: Sequence[bytes], in_a_row: int | None = None) -> bytes:
    """PNGs of one size on one PNG, row by row, about square if nothing is said; the XMP of the first speaks for all.

    One picture is returned as it is.
    """
    if len(pictures) == 1:
        return pictures[0]
    # Imported late: the API of a distributed deployment has no other use for it.
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile, PngInfo

    images = [PngImageFile(BytesIO(picture)) for picture in pictures]
    width, height = images[0].size
    columns = min(in_a_row or math.ceil(math.sqrt(len(images))), len(images))
    page = Image.new("RGB", (columns * width, math.ceil(len(images) / columns) * height), "white")
    for number, image in enumerate(images):
        page.paste(image, (number % columns * width, number // columns * height))
    metadata = PngInfo()
    metadata.add_itxt(XMP, images[0].info[XMP])
    target = BytesIO()
    page.save(target, "PNG", pnginfo=metadata)
    return target.getvalue()
