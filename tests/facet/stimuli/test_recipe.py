"""A set comes again from its recipe, to the last bit, and every picture of it says that it is drawn."""

import csv
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facet.library import Facet
from facet.stimuli import Direction, Recipe, StimulusSet
from model.attributes import SPACES, Attribute
from model.errors import InvalidRequest
from tests.service.asking import xmp

STYLE = Direction(Attribute.STYLE, np.ones(SPACES[Attribute.STYLE].size, np.float32), 0.5, 0.9, 1.0)
MAKERS: dict[str, Callable[[Facet], StimulusSet]] = {
    "average": lambda model: model.stimuli.average(model.sample(3, 1), weights=[1, 2, 3]),
    "continuum": lambda model: model.stimuli.continuum(*model.sample(2, 1), 4, attributes=["style"]),
    "caricature": lambda model: model.stimuli.caricature(model.sample(1, 1)[0], model.sample(3, 2), [0.5, 1.5]),
    "factorial": lambda model: model.stimuli.factorial(2, seed=3),
    "along": lambda model: model.stimuli.along(model.sample(1, 1)[0], STYLE),
    "noise": lambda model: model.stimuli.noise(model.sample(1, 1)[0], 5, seed=4),
    "classification": lambda model: model.stimuli.classification(
        model.stimuli.noise(model.sample(1, 1)[0], 12, seed=4), {pair: "ab"[pair % 3 > 0] for pair in range(1, 13)}
    ),
    "controversial": lambda model: model.stimuli.controversial(model, 2, candidates=10),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_set_comes_again_from_its_recipe(model: Facet, kind: str, tmp_path: Path) -> None:
    drawn = MAKERS[kind](model)
    folder = drawn.save(tmp_path / kind)
    again = model.stimuli.again(folder / "recipe.json")
    assert (again.recipe.stimuli.kind, again.names) == (kind, drawn.names)
    assert list(again.table) == list(drawn.table)
    for one, other in zip(drawn.drawings, again.drawings, strict=True):
        assert one.png == other.png
        np.testing.assert_array_equal(one.embedding, other.embedding)


def test_a_saved_set_is_pictures_a_table_and_a_recipe(model: Facet, tmp_path: Path) -> None:
    drawn = MAKERS["factorial"](model)
    folder = drawn.save(tmp_path / "set")
    with (folder / "stimuli.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [f"{name}.png" for name in drawn.names]
    assert {path.name for path in folder.iterdir()} == {row["file"] for row in rows} | {"stimuli.csv", "recipe.json"}
    for row in rows:
        assert "/trainedAlgorithmicMedia" in xmp((folder / row["file"]).read_bytes())
    assert "/trainedAlgorithmicMedia" in xmp(drawn.sheet())
    size = model.image_size
    assert Image.open(BytesIO(drawn.sheet(columns=5))).size == (5 * size, 3 * size)
    assert json.loads((folder / "recipe.json").read_text())["model"] == model.id


def test_a_recipe_of_another_model_or_none_is_refused(model: Facet, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    recipe = MAKERS["average"](model).recipe
    recipe.model_copy(update={"model": "other-1"}).write(path)
    with pytest.raises(InvalidRequest, match="other-1"):
        model.stimuli.again(path)
    whole = json.loads(recipe.model_dump_json())
    wrong = [
        {**whole, "stimuli": {**whole["stimuli"], "kind": "collage"}},
        {**whole, "stimuli": {**whole["stimuli"], "faces": [[0.0] * 99]}},
        {**whole, "stimuli": {**whole["stimuli"], "faces": [["x"]]}},
        {**whole, "stimuli": {**whole["stimuli"], "extra": 1}},
    ]
    for data in wrong:
        path.write_text(json.dumps(data))
        with pytest.raises(InvalidRequest, match="is no recipe"):
            Recipe.read(path)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        Recipe.read(tmp_path / "nothing.json")


def test_the_schema_of_a_recipe_says_what_kinds_there_are() -> None:
    schema = Recipe.model_json_schema()
    assert set(schema["properties"]["stimuli"]["discriminator"]["mapping"]) == set(MAKERS)
