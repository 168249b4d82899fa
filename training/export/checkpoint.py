"""A finished run turned into the one file that the service loads: weights, calibration, model card."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.face_model import FaceModel
from training.data.crops import CropSet
from training.data.sources.lfw import Pair
from training.evaluation.splits import Splits
from training.export.finishing import finish
from training.networks.names import learn_names
from training.networks.purity import LEAST_POSES, purify
from training.networks.relearning import views
from training.recipe import Recipe
from training.runtime.resume import load_state
from training.train import Run, averaged

FILES = ("likeness_network", "second_reader", "distilled_from")
"""The recipe's fields that are paths."""


def export(
    run: Run,
    path: Path,
    name: str,
    splits: Splits,
    pairs: Sequence[Pair] | None,
    card: Path | None,
    named: CropSet | None = None,
) -> dict[str, Any]:
    """Write the run's averaged weights, whitened and calibrated, with a card of what was measured; returns the card.

    From the crops `named` identity first learns who is who once more (`training.networks.names`), and where at least
    `LEAST_POSES` of them have a pose, expression and style are purified (`training.networks.purity`). `pairs` is as in
    `training.evaluation.summary.evaluate`. `card` is a TOML file with what no program can know: data and terms,
    weaknesses, uses.
    """
    state = load_state(run.state)
    recipe = Recipe.from_data(state["recipe"])
    model = FaceModel(recipe.network)
    model.load_state_dict(averaged(state))
    if named is not None:
        seen = views(model, named)
        learn_names(model, seen.z, named.identity_target, named.identity)
        if seen.posed.sum() >= LEAST_POSES:
            purify(model, seen)
    written: dict[str, Any] = tomllib.loads(card.read_text()) if card else {}
    # Where a file lay on somebody's machine is nobody's business.
    told = recipe.to_data() | {name: Path(getattr(recipe, name)).name for name in FILES}
    written |= {"steps": state["step"], "recipe": told}
    return finish(model, path, name, splits, pairs, written)


def card_json(card: dict[str, Any]) -> str:
    """The card for people to read."""
    return json.dumps(card, indent=2)
