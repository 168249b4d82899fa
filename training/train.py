"""A training run from its recipe to its checkpoints: `run_training`."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from model.checkpoint import load_checkpoint
from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from training.data.augmentation import frame, still
from training.data.batches import Batches
from training.data.crops import CropSet, fit_targets, load_crops, load_samples
from training.data.mixture import Source, weights_of
from training.loop import Report, Trainer
from training.networks.erasure import erase_pose
from training.networks.growth import grown
from training.networks.whitening import CHUNK, latents
from training.recipe import Recipe
from training.runtime import distributed as ranks
from training.runtime.journal import Journal
from training.runtime.not_finite import NotFinite
from training.runtime.resume import load_state, save_state
from training.runtime.sheets import autoencoder_sheet, swap_sheet, to_pixels
from training.runtime.stop_signal import StopSignal

SHEET_FACES = 12
ERASURE_CROPS = 12_000
"""Of how many crops pose is looked for in sub-vectors from which it is to go."""


@dataclass(frozen=True)
class Run:
    """Where a run lives: `state.pt`, `recipe.json`, `metrics.jsonl`, `tensorboard/`, `sheets/`."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state.pt"


def load_training_crops(sources: Sequence[Source], image_size: int) -> CropSet:
    """The training split of some prepared folders. Raises ValueError if only some of them have a weight."""
    weights = weights_of(sources)
    samples = load_samples([source.folder for source in sources], ["train"])
    return replace(load_crops(samples, image_size, fit_targets(samples)), weights=weights)


def batches_of(recipe: Recipe, crops: CropSet, device: str | torch.device) -> Batches:
    """The batches that a recipe makes of some crops. Raises ValueError if the crops are too few."""
    return Batches(
        crops,
        recipe.network.image_size,
        recipe.batch_size,
        recipe.seed,
        recipe.augmentation,
        recipe.reframed,
        recipe.together,
        recipe.importance,
        device,
    )


def networks_of(start: Path) -> NetworkConfig:
    """The networks of a run's folder or of a model file; what `start_model` raises."""
    if start.is_file():
        return load_checkpoint(start).model.config
    return Recipe.from_data(load_state(Run(start).state)["recipe"]).network


def start_model(recipe: Recipe, start: Path | None) -> FaceModel:
    """A fresh model, or the weights that another run's folder reached (its running mean), or those of a model file.

    Shallower networks are deepened. Raises ValueError if those there differ otherwise, InvalidCheckpoint for a bad
    model file.
    """
    torch.manual_seed(recipe.seed)
    model = FaceModel(recipe.network)
    if start is not None:
        stored = load_checkpoint(start).model.state_dict() if start.is_file() else None
        weights = stored or averaged(load_state(Run(start).state))
        model.load_state_dict(grown(weights, networks_of(start), model))
    return model


def latents_with_pose(model: FaceModel, crops: CropSet) -> tuple[torch.Tensor, torch.Tensor]:
    """z `(n, 99)` and pose `(n, 3)` of crops spread over all of them, as they were found."""
    rows = torch.arange(0, len(crops), max(1, len(crops) // ERASURE_CROPS))
    found = []
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        images, _ = frame(crops.pixels[some], still(len(some)), model.config.image_size)
        found.append(latents(model, to_pixels(images)))
    return torch.cat(found), crops.pose[rows]


def check_networks(theirs: NetworkConfig, recipe: Recipe, where: Path) -> None:
    """Raises ValueError if networks have other sizes than the recipe's."""
    if theirs != recipe.network:
        raise ValueError(f"{where} has networks {theirs}, the recipe {recipe.network}")


def averaged(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The running mean of the weights in a saved state, under the model's own names."""
    prefix = "module."
    return {name.removeprefix(prefix): value for name, value in state["ema"].items() if name.startswith(prefix)}


def run_training(
    recipe: Recipe,
    crops: CropSet,
    run: Run,
    start: Path | None = None,
    device: str | torch.device = "cpu",
    minutes: float | None = None,
    show: Callable[[Report], None] | None = None,
) -> bool:
    """Train, or go on where the run's folder left off; True when the recipe's end is reached.

    Stops early after `minutes`, or on SIGTERM; the next call with the same folder goes on exactly, also after a kill,
    from the last checkpoint. Of a group of processes, which must see the same folders, the first alone writes. Raises
    ValueError if the crops are too few, or if the networks of the folder's run or of `start` are not the recipe's,
    NotFinite if a loss is not finite; `not_finite.json` in the folder then names the pictures of its batch.
    """
    size = recipe.network.image_size
    batches = batches_of(recipe, crops, device)
    fresh = start_model(recipe, None if run.state.exists() else start)
    if recipe.erase_pose and not run.state.exists():
        erase_pose(fresh, *latents_with_pose(fresh, crops))
    trainer = Trainer(recipe, fresh, batches, crops.classes, device)
    if run.state.exists():
        state = load_state(run.state)
        check_networks(Recipe.from_data(state["recipe"]).network, recipe, run.folder)
        trainer.restore(state)
    with StopSignal(minutes) as stop:
        if ranks.rank():
            return trainer.run(lambda _: None, stop)
        shown, _ = frame(crops.pixels[:SHEET_FACES], still(min(SHEET_FACES, len(crops))), size)
        return _recorded(trainer, run, shown, show or (lambda _: None), stop)


def _recorded(
    trainer: Trainer, run: Run, shown: torch.Tensor, show: Callable[[Report], None], stop: StopSignal
) -> bool:
    """Run, and write recipe, measurements, sheets of the pictures `shown`, and checkpoints."""
    recipe = trainer.recipe
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "recipe.json").write_text(json.dumps(recipe.to_data(), indent=2) + "\n")
    draw = autoencoder_sheet if recipe.stage == "autoencoder" else swap_sheet
    began = saved = time.monotonic()

    def report(now: Report) -> None:
        nonlocal saved
        show(now)
        if now.step % recipe.log_steps == 0:
            facts = {"seconds": round(time.monotonic() - began, 1), "speed": now.images_per_second}
            journal.measured(now.step, now.losses, facts | {"waiting": now.waiting})
        if now.step % recipe.sheet_steps == 0:
            journal.sheet(now.step, draw(trainer.averaged, shown.to(trainer.device)))
        if time.monotonic() - saved >= 60 * recipe.checkpoint_minutes:
            save_state(run.state, trainer.state())
            saved = time.monotonic()

    with Journal(run.folder, trainer.step) as journal:
        try:
            ended = trainer.run(report, stop)
        except NotFinite as error:
            named = {"step": error.step, "terms": error.terms, "suspects": error.suspects, "keys": error.keys}
            (run.folder / "not_finite.json").write_text(json.dumps(named, indent=2) + "\n")
            raise
    # Only here, not after a failure: that would put a state with numbers that are not finite over the last good one.
    save_state(run.state, trainer.state())
    return ended
