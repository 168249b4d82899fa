"""The commands that work on pictures, in process and against a running service."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from facet.cli import app
from facet.measuring.tables import embedding_columns
from model.attributes import EMBEDDING_SIZE, POSE_ANGLES, Attribute
from tests.faces import draw_face, jpeg
from tests.service.asking import pixels
from tests.service.serving import dummy_app, serving

NUMBERS = [f"pose_{place}" for place in range(len(POSE_ANGLES))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    (folder / "below").mkdir()
    (folder / "ada.jpg").write_bytes(jpeg(draw_face(seed=1)))
    (folder / "below" / "bob.JPG").write_bytes(jpeg(draw_face(seed=2)))
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client:
        yield str(client.base_url)


@pytest.fixture(autouse=True)
def _dummy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FACET_MODEL", "dummy")
    monkeypatch.setenv("FACET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_embeddings_are_the_same_in_process_and_over_http_and_in_every_format(folder: Path, url: str) -> None:
    inside, outside = run("embed", folder), run("embed", folder, "--url", url)
    assert (inside.exit_code, inside.stderr) == (0, "")
    assert inside.stdout == outside.stdout
    rows = [json.loads(line) for line in inside.stdout.splitlines()]
    assert [Path(row["picture"]).name for row in rows] == ["ada.jpg", "bob.JPG"]
    expected = [[number for part in Attribute for number in row["embedding"][part]] for row in rows]
    table = list(csv.DictReader(StringIO(run("embed", folder, "--format", "csv", "--url", url).stdout)))
    assert [name for name in table[0] if name.startswith("pose")] == NUMBERS
    assert [[float(row[name]) for name in embedding_columns()] for row in table] == expected
    assert run("embed", folder, "--format", "npz", "-o", "faces.npz", "--url", url).exit_code == 0
    with np.load("faces.npz") as arrays:
        assert arrays["embedding"].shape == (2, EMBEDDING_SIZE)
        np.testing.assert_array_equal(arrays["embedding"], np.array(expected, np.float32))


def test_a_picture_that_fails_is_named_and_the_rest_goes_on(folder: Path, url: str, tmp_path: Path) -> None:
    (tmp_path / "wall.jpg").write_bytes(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    result = run("embed", tmp_path / "wall.jpg", folder / "ada.jpg", "--url", url)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'wall.jpg'}: ")
    assert len(result.stdout.splitlines()) == 1
    result = run("reconstruct", tmp_path / "wall.jpg", folder / "ada.jpg", "--url", url)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'wall.jpg'}: ")
    assert [path.name for path in Path("reconstructed").iterdir()] == ["0002-ada.png"]


def test_pictures_are_drawn(folder: Path, url: str) -> None:
    assert run("reconstruct", folder, "--to", "back", "--url", url).exit_code == 0
    assert sorted(path.name for path in Path("back").iterdir()) == ["0001-ada.png", "0002-bob.png"]
    ada, bob = folder / "ada.jpg", folder / "below" / "bob.JPG"
    edits = ["--yaw", 20, "--preset", "happiness:0.8", "--take", "style:0.5", "--source", bob]
    assert run("edit", ada, *edits, "--url", url).exit_code == 0
    assert pixels(Path("edited.png").read_bytes()).shape == (64, 64, 3)
    for place in ("one", "two"):
        assert run("generate", 2, "--seed", 3, "--to", place, "--url", url).exit_code == 0
    assert Path("one/face-0002.png").read_bytes() == Path("two/face-0002.png").read_bytes()
    assert Path("one/face-0001.png").read_bytes() != Path("one/face-0002.png").read_bytes()


def test_verification_is_the_exit_code(folder: Path, url: str) -> None:
    ada, bob = folder / "ada.jpg", folder / "below" / "bob.JPG"
    assert run("verify", ada, ada, "--url", url).exit_code == 0
    other = run("verify", ada, bob, "--url", url)
    assert (other.exit_code, json.loads(other.stdout)["same_person"]) == (3, False)


def test_the_demo_fills_the_gallery_once_and_is_searched(folder: Path) -> None:
    for _ in range(2):
        assert run("demo").stdout.startswith("48 faces of 16 generated people")
    found = run("search", folder / "ada.jpg", "--attr", "identity", "--attr", "style:-0.3", "-k", 5)
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["collection"] for row in rows] == ["demo"] * 5
    assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["embed", "nowhere.jpg"],
        ["embed", "."],
        ["embed", ".", "--format", "npz"],
        ["verify", "a.jpg", "b.jpg"],
        ["search", "{ada}", "--attr", "style:much"],
        ["edit", "{ada}"],
        ["edit", "{ada}", "--take", "style"],
        ["edit", "{ada}", "--preset", "happiness:much"],
    ],
)
def test_a_wrong_use_is_exit_code_2(folder: Path, arguments: list[str]) -> None:
    result = run(*(argument.format(ada=folder / "ada.jpg") for argument in arguments))
    assert result.exit_code == 2


def test_a_service_that_is_not_there_is_one_line(folder: Path) -> None:
    result = run("embed", folder / "ada.jpg", "--url", "http://127.0.0.1:1")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("facet: http://127.0.0.1:1")
