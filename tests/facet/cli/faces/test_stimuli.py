"""`facet stimuli` on the dummy model: folders of pictures, with table and recipe."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

import facet
from facet.cli import app
from facet.stimuli import Recipe
from model.attributes import Attribute, part
from tests.faces import draw_face, jpeg
from worker.stimuli.reverse_correlation import NoisePairs


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FACET_MODEL", "dummy")
    monkeypatch.chdir(tmp_path)
    Path("photographs").mkdir()
    for seed in range(3):
        Path("photographs", f"{seed}.jpg").write_bytes(jpeg(draw_face(seed=seed)))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["stimuli", *(str(argument) for argument in arguments)])


def table(folder: str) -> list[dict[str, str]]:
    with Path(folder, "stimuli.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("arguments", "folder", "faces"),
    [
        (["average", "photographs", "--attr", "identity", "--onto", "seed:1"], "average", 1),
        (["continuum", "photographs/1.jpg", "seed:2", "--steps", 4, "--attr", "style"], "continuum", 4),
        (["caricature", "seed:1", "photographs", "--amount", 0.5, "--amount", 1.5], "caricature", 2),
        (["factorial", "--people", 2, "--turn", 0, "--seed", 3], "factorial", 4),
        (["factorial", "photographs", "--expression", "anger", "--turn", 10], "factorial", 3),
        (["controversial", "dummy", "--pairs", 2, "--candidates", 8], "controversial", 4),
    ],
)
def test_a_set_is_a_folder_and_comes_again(arguments: list[object], folder: str, faces: int) -> None:
    made = run(*arguments, "--sheet")
    assert (made.exit_code, made.stdout.split()[0]) == (0, str(faces)), made.stderr
    pictures = [row["file"] for row in table(folder)]
    assert len(pictures) == faces
    assert Path(folder, "sheet.png").exists()
    assert run("again", f"{folder}/recipe.json", "--to", "twice").exit_code == 0
    for name in pictures:
        assert Path(folder, name).read_bytes() == Path("twice", name).read_bytes()


def test_ratings_become_a_direction_with_its_r2() -> None:
    with facet.load() as model:
        seeds = range(60)
        first = [float(part(model.sample(1, seed)[0], Attribute.STYLE)[0]) for seed in seeds]
    lines = [f"seed:{seed},{rating},{seed % 20}" for seed, rating in zip(seeds, first, strict=True)]
    Path("ratings.csv").write_text("\n".join(["picture,rating,group", *lines]))
    made = run("direction", "ratings.csv", "seed:5", "--attr", "style", "--degrees", -20, "--degrees", 20)
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout.splitlines()[0])["r2"] > 0.9
    less, more = (float(row["predicted"]) for row in table("direction"))
    assert less < more
    assert json.loads(run("direction", "ratings.csv", "seed:5").stdout.splitlines()[0])["r2"] < 0.3


def test_choices_among_noisy_pairs_become_a_face() -> None:
    assert run("noise", "seed:1", "--pairs", 60, "--attr", "style", "--degrees", 20).exit_code == 0
    pairs = Recipe.read("noise/recipe.json").stimuli
    assert isinstance(pairs, NoisePairs)
    shown = part(pairs.faces(range(1, 61)), Attribute.STYLE)
    sought = np.random.default_rng(0).normal(size=shown.shape[-1])
    sides = ["ab"[int(b > a)] for a, b in shown @ sought]
    Path("answers.csv").write_text("pair,side\n" + "\n".join(f"{n + 1},{side}" for n, side in enumerate(sides)))
    assert run("classify", "noise", "answers.csv").exit_code == 0
    assert [row["choices"] for row in table("classification")] == ["60"] * 3
    assert float(table("classification")[0]["predicted"]) > 0.6
    with facet.load() as model:
        less, _, more = part(model.stimuli.again("classification/recipe.json").embeddings, Attribute.STYLE)
    assert np.corrcoef(more - less, sought)[0, 1] > 0.6


@pytest.mark.parametrize(
    "arguments",
    [
        ["average", "nowhere.jpg"],
        ["average", "seed:x"],
        ["continuum", "photographs/1.jpg"],
        ["direction", "photographs/1.jpg", "seed:1"],
        ["direction", "no.csv", "seed:1"],
        ["classify", "photographs", "wrong.csv"],
    ],
)
def test_a_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    Path("wrong.csv").write_text("trial,side\n1,a\n")
    if arguments[:2] == ["direction", "photographs/1.jpg"]:
        Path("photographs/1.jpg").write_text("picture,score\nseed:1,2\n")
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["average", "seed:1", "--attr", "mood"],
        ["factorial", "--expression", "hunger"],
        ["continuum", "seed:1", "seed:1"],
        ["again", "photographs/0.jpg"],
    ],
)
def test_what_cannot_be_drawn_is_one_line(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
