import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from model.errors import FacetError, UnreadableImage, UnsupportedImage
from model.images.decode import MAX_SCANS, ImageLimits, decode
from tests.faces import draw_face, jpeg
from tests.processes import ROOT
from tests.security.hostile_pictures import OK, corpus, scan_bomb, segment, truncations
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client:
        yield client


REFUSED = {"unreadable_image", "unsupported_image", "image_too_large", "image_too_small", "no_face"}


# Pillow warns of odd metadata and reads the rest.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("name", sorted(corpus()))
def test_a_hostile_picture_has_its_answer(service: httpx.Client, name: str) -> None:
    data, status = corpus()[name]
    answer = service.post("/embed", files={"image": data})
    assert answer.status_code == status, answer.text
    if status != OK:
        assert answer.json()["code"] in REFUSED


def test_a_file_cut_at_any_place_is_told_as_such() -> None:
    names = []
    for name, data in truncations():
        with pytest.raises(FacetError) as caught:
            decode(data, ImageLimits())
        assert type(caught.value) in (UnreadableImage, UnsupportedImage), name
        names.append(name)
    assert len(names) > 150


def test_a_picture_that_takes_too_long_is_given_up() -> None:
    stream = BytesIO()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (1500, 1500, 3), np.uint8))
    noise.save(stream, "JPEG", progressive=True)
    with pytest.raises(UnreadableImage, match="too long"):
        decode(stream.getvalue(), ImageLimits(max_seconds=0.001))


SCANS_OF_GREY = scan_bomb(64, 0).count(b"\xff\xda")


def test_scans_are_counted_to_the_last() -> None:
    assert decode(scan_bomb(64, MAX_SCANS - SCANS_OF_GREY), ImageLimits()).shape == (64, 64, 3)
    with pytest.raises(UnreadableImage, match="too many scans"):
        decode(scan_bomb(64, MAX_SCANS - SCANS_OF_GREY + 1), ImageLimits())


@pytest.mark.parametrize("hiding", [segment(0xFE, b"\xff\xd9"), segment(0xFE, bytes(9)) * 1000, b"\xff\xd0\xff\x01"])
def test_scans_cannot_hide_behind_what_looks_like_the_end(hiding: bytes) -> None:
    bomb = scan_bomb(64, 100)
    place = bomb.index(b"\xff\xda", bomb.index(b"\xff\xda") + 2)
    with pytest.raises(UnreadableImage, match="too many scans"):
        decode(bomb[:place] + hiding + bomb[place:], ImageLimits())


def test_what_only_looks_like_scans_is_not_counted() -> None:
    """A preview in the metadata, and what cameras put after the end, may hold any bytes."""
    inside, behind = segment(0xE2, b"\xff\xda" * 500), b"\xff\xda\x00\x02" * 500
    picture = jpeg(draw_face())
    assert (decode(picture[:2] + inside + picture[2:] + behind, ImageLimits()) == decode(picture, ImageLimits())).all()


def test_small_blocks_do_not_change_what_is_decoded() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    data = jpeg(noise)
    assert len(data) > 2**16
    with Image.open(BytesIO(data)) as image:
        assert (decode(data, ImageLimits()) == np.asarray(image)).all()


SERVING = sorted(
    path for package in ("facet", "service", "worker", "gallery", "model") for path in (ROOT / package).rglob("*.py")
)


OWN_WAYS = {
    "model/images/opencv_decode.py": {"cv2.imdecode"},
    "facet/library/drawing.py": {"Image.open"},  # of the PNG that it has just made itself
    "facet/measuring/sources.py": {"cv2.VideoCapture"},  # of a file that the user of the command line names
}


@pytest.mark.parametrize("path", SERVING, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_serves_opens_pictures_by_another_way(path: Path) -> None:
    """`Image.open`, and OpenCV's readers, would reach dozens of decoders; one place looks at the bytes before."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    called = {ast.unparse(call.func) for call in calls}
    found = called & {"Image.open", "Image.init", "cv2.imread", "cv2.imdecode", "cv2.VideoCapture"}
    assert found == OWN_WAYS.get(path.relative_to(ROOT).as_posix(), set())
