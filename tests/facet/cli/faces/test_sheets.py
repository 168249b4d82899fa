from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from facet.cli import app
from model.engine.dummy import DummyModel
from tests.faces import draw_face, png

SIZE = 64


def facet(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["draw", *map(str, arguments)], env={"FACET_MODEL": "dummy"})


def drawn(path: Path) -> tuple[np.ndarray, str]:
    """A sheet's pixels and its metadata."""
    with Image.open(path) as sheet:
        return np.asarray(sheet), sheet.info["XML:com.adobe.xmp"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faces").mkdir()
    for number in range(2):
        (tmp_path / "faces" / f"{number}.png").write_bytes(png(draw_face(200, number)))
    return tmp_path / "faces"


@pytest.mark.parametrize(
    ("arguments", "cells"),
    [
        (["swaps", "--columns", 3, "--rows", 2], (5, 9)),
        (["random", 5], (3, 2)),
        (["traverse", "--count", 2, "--steps", 3], (4, 6)),
        (["traverse", "--attribute", "style", "--count", 2, "--steps", 4], (5, 2)),
    ],
)
def test_without_pictures_the_faces_are_generated(
    tmp_path: Path, arguments: list[object], cells: tuple[int, int]
) -> None:
    one, same, other = (tmp_path / "new" / f"{name}.png" for name in ("one", "same", "other"))
    for path, seed in ((one, 1), (same, 1), (other, 2)):
        result = facet(*arguments, "--seed", seed, "-o", path)
        assert result.exit_code == 0, result.output
        assert result.stdout == f"{path}\n"
    pixels, metadata = drawn(one)
    assert pixels.shape == (cells[1] * SIZE, cells[0] * SIZE, 3)
    assert metadata.count("digitalsourcetype/trainedAlgorithmicMedia") == 1
    assert one.read_bytes() == same.read_bytes() != other.read_bytes()


def test_a_sheet_with_photographs_says_that_it_is_composed(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "swaps.png"
    result = facet("swaps", "--target", folder, "--rows", 1, "--align", "none", "-o", path)
    assert result.exit_code == 0, result.output
    pixels, metadata = drawn(path)
    assert pixels.shape == (5 * SIZE, 4 * SIZE, 3)
    assert "compositeWithTrainedAlgorithmicMedia" in metadata
    backend = DummyModel()
    source = backend.render(backend.sample(7, 0)[6:])[0]
    np.testing.assert_array_equal(pixels[SIZE : 2 * SIZE, :SIZE], source)


def test_a_found_face_is_swept(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "turn.png"
    result = facet("traverse", folder, "--attribute", "expression", "--steps", 3, "-o", path)
    assert result.exit_code == 0, result.output
    assert drawn(path)[0].shape == (2 * SIZE, 4 * SIZE, 3)


def test_mistakes_are_one_message(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    (folder / "2.png").write_bytes(png(np.full((100, 100, 3), 128, np.uint8)))
    result = facet("swaps", "--source", folder, "-o", path)
    assert (result.exit_code, result.stderr.split(": ")[:2]) == (1, ["facet", str(folder / "2.png")])
    assert "No face was found" in result.stderr
    result = facet("traverse", "--attribute", "mood")
    assert result.exit_code == 2
    assert "choose from pose, identity, expression, style" in " ".join(result.stderr.split())
    result = facet("traverse", "--attribute", "style", "--count", 1)
    assert "give at least two" in " ".join(result.stderr.split())
    assert not path.exists()
