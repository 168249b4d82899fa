import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from model.networks.config import NetworkConfig
from training.recipe import LEARNING, Recipe, Weights, load_recipe, recipes

RECIPES = [*recipes()]
RECIPES.remove("detector")  # which has a recipe of another kind


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_loads_and_survives_json(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.stage in LEARNING
    assert any(getattr(recipe.weights, weight.name) > 0 for weight in fields(Weights))
    assert Recipe.from_data(json.loads(json.dumps(recipe.to_data()))) == recipe
    assert Recipe.from_data(recipe.to_data()) == recipe


def test_there_is_a_recipe_for_each_stage() -> None:
    assert {load_recipe(name).stage for name in RECIPES} == set(LEARNING)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"stepz": 5}, "unknown key stepz; did you mean steps?"),
        ({"weights": {"recontruction": 1}}, "unknown key weights.recontruction; did you mean weights.reconstruction?"),
        ({"optimiser": {"lr": 1}}, "unknown key optimiser.lr; did you mean optimiser.*learning_rate?"),
        ({"network": {"chanels": [8]}}, "unknown key network.chanels; did you mean network.channels?"),
    ],
)
def test_an_unknown_key_names_the_nearest(data: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=r"unknown key") as caught:
        Recipe.from_data({"stage": "joint", "steps": 1} | data)
    if "lr" not in message:
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"stage": "joined"}, "stage"),
        ({"steps": 0}, "steps >= 1"),
        ({"steps": "many"}, "steps: "),
        ({"batch_size": 1}, "batch_size >= 2"),
        ({"sheet_steps": 0}, "sheet_steps >= 1"),
        ({"log_steps": 0}, "log_steps >= 1"),
        ({"together": 0}, "together >= 1"),
        ({"standing": ["eye"]}, r"standing\.0: "),
        ({"stage": "drawing", "standing": ["merger", "decoder"]}, "no network learns: merger, decoder stand still"),
        ({"distilled_parts": ["hair"]}, r"distilled_parts\.0: "),
        ({"critics": {"penalty_every": 0}}, "penalty_every >= 1"),
        ({"optimiser": {"schedule": "round"}}, r"optimiser\.schedule: "),
        ({"weights": 3}, "weights: "),
        ({"weights": {"pose": "much"}}, r"weights\.pose: "),
        ({"network": {"read_size": 65}}, "read_size is 65"),
    ],
)
def test_a_value_that_does_not_fit_is_named(data: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe.from_data({"stage": "joint", "steps": 1} | data)


def test_a_size_alone_brings_its_proportions() -> None:
    assert Recipe.from_data({"stage": "joint", "steps": 1, "network": {"read_size": 128}}).network == (
        NetworkConfig.for_size(128)
    )
    mixed = load_recipe("joint", {"network.read_size": 256, "network.hidden": 64}).network
    assert mixed == replace(NetworkConfig.for_size(256), hidden=64)


def test_a_recipe_that_names_no_networks_takes_those_of_its_origin(tmp_path: Path) -> None:
    origin = NetworkConfig.for_size(128)
    assert load_recipe("joint", None, origin).network == origin
    assert load_recipe("joint", {"network.hidden": 64}, origin).network == NetworkConfig(hidden=64)
    path = tmp_path / "mine.toml"
    path.write_text('stage = "joint"\nsteps = 3\n[network]\nread_size = 64\n')
    assert load_recipe(str(path), None, origin).network == NetworkConfig()


def test_how_many_are_reframed() -> None:
    recipe = Recipe("joint", 1, batch_size=10, reframed_share=0.26, weights=Weights(framing=0.1))
    assert recipe.reframed == 3
    assert replace(recipe, weights=Weights()).reframed == 0


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ValueError, match="steps: "):
        Recipe.from_data({"stage": "joint"})


def test_overrides() -> None:
    plain = load_recipe("joint")
    changed = load_recipe("joint", {"steps": 7, "optimiser.clip": 2, "network.hidden": 64, "weights.pose": 0.0})
    assert (changed.steps, changed.optimiser.clip, changed.weights.pose) == (7, 2.0, 0.0)
    assert changed.network == NetworkConfig(hidden=64)
    assert changed.weights.cycle == plain.weights.cycle
    assert changed.optimiser.learning_rate == plain.optimiser.learning_rate


@pytest.mark.parametrize("key", ["stepz", "weights.posse", "steps.a.b", "steps.a"])
def test_an_override_of_nothing(key: str) -> None:
    with pytest.raises(ValueError, match=key.split(".", maxsplit=1)[0]):
        load_recipe("joint", {key: 1})


def test_a_recipe_is_a_name_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('stage = "autoencoder"\nsteps = 3\n')
    assert load_recipe(str(path)) == Recipe("autoencoder", 3)
    with pytest.raises(
        ValueError,
        match=r"there is no recipe 'jiont'; known: autoencoder, detector, disentangle, facet-128-dis",
    ):
        load_recipe("jiont")
    with pytest.raises(ValueError, match="known") as caught:
        load_recipe(str(tmp_path / "other.toml"))
    assert "card" not in str(caught.value)
