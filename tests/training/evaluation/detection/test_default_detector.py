from pathlib import Path

import numpy as np
import pytest

from model.engine.backend import Pixels
from model.faces.detector import Detection
from tests.faces import png
from training.data.sources.pictures import Picture
from training.evaluation.detection.default_detector import detection_rate, report


class Brightest:
    """A detector that finds one face, about the brightest pixel, unless the picture is dark."""

    name = "brightest"
    longest = 640
    shared = False

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        if image.max() < 50:
            return []
        y, x = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
        return [Detection((float(x) - 5, float(y) - 5, 10.0, 10.0), 1.0)][:at_most]


def picture(folder: Path, key: str, place: tuple[int, int] | None) -> Picture:
    pixels = np.zeros((40, 60, 3), np.uint8)
    if place:
        pixels[place] = 255
    path = folder / f"{key}.png"
    path.write_bytes(png(pixels))
    return Picture(key, path)


def test_shares_by_hand(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    pictures = [
        picture(tmp_path, "middle", (20, 30)),
        picture(tmp_path, "near", (17, 33)),
        picture(tmp_path, "corner", (5, 5)),
        picture(tmp_path, "dark", None),
        Picture("broken", tmp_path / "broken.png"),
    ]
    seen: list[None] = []
    rate = detection_rate(pictures, Brightest(), lambda: seen.append(None))
    assert (rate.pictures, rate.found, rate.elsewhere) == (5, 2 / 5, 1 / 5)
    assert rate.missed == ["dark", "broken"]
    assert len(seen) == 5
    assert report(rate).tables == [
        [
            ["faces found by brightest", "5"],
            ["in the middle", "40.0 %"],
            ["only elsewhere", "20.0 %"],
            ["nothing", "40.0 %"],
        ]
    ]


def test_no_pictures_are_an_error() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        detection_rate([], Brightest())
