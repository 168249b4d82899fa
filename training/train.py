"""A training run from its recipe to its checkpoints: `run_training`."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from model.checkpoint import load_checkpoint
from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from training.data.augmentation import frame, still
from training.data.batches import Batches
from training.data.crops import CropSet, fit_targets, load_crops, load_samples
from training.loop import Report, StopSignal, Trainer
from training.resume import load_state, save_state
from training.sheets import autoencoder_sheet, save_picture, swap_sheet
from training.stages import Recipe

LOG_STEPS = 20
SHEET_FACES = 12


@dataclass(frozen=True)
class Run:
    """Where a run lives: `state.pt`, `recipe.json`, `metrics.jsonl` and `sheets/`."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state.pt"


def load_training_crops(folders: Sequence[Path], image_size: int) -> CropSet:
    """The training split of some prepared folders."""
    samples = load_samples(folders, ["train"])
    return load_crops(samples, image_size, fit_targets(samples))


def start_model(recipe: Recipe, start: Path | None) -> FaceModel:
    """A fresh model, or the weights that another run's folder reached (its running mean), or those of a model file.

    Raises ValueError if the networks there have other sizes, InvalidCheckpoint for a bad model file.
    """
    torch.manual_seed(recipe.seed)
    model = FaceModel(recipe.network)
    if start is not None and start.is_file():
        theirs = load_checkpoint(start).model
        check_networks(theirs.config, recipe, start)
        model.load_state_dict(theirs.state_dict())
    elif start is not None:
        state = load_state(Run(start).state)
        check_networks(Recipe.from_data(state["recipe"]).network, recipe, start)
        model.load_state_dict(averaged(state))
    return model


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
    device: str = "cpu",
    minutes: float | None = None,
    show: Callable[[Report], None] | None = None,
) -> bool:
    """Train, or go on where the run's folder left off; True when the recipe's end is reached.

    Stops early after `minutes`, or on SIGTERM; the next call with the same folder goes on exactly. Raises ValueError
    if the crops are too few, or if the networks of the folder's run or of `start` are not the recipe's.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    reframed = round(recipe.reframed_share * recipe.batch_size) if recipe.weights.framing else 0
    size = recipe.network.image_size
    batches = Batches(crops, size, recipe.batch_size, recipe.seed, recipe.augmentation, reframed)
    trainer = Trainer(recipe, start_model(recipe, start), batches, crops.classes, device)
    if run.state.exists():
        state = load_state(run.state)
        check_networks(Recipe.from_data(state["recipe"]).network, recipe, run.folder)
        trainer.restore(state)
    (run.folder / "recipe.json").write_text(json.dumps(recipe.to_data(), indent=2) + "\n")
    shown, _ = frame(crops.pixels[:SHEET_FACES], still(min(SHEET_FACES, len(crops))), size)
    saved = time.monotonic()
    began = time.monotonic()

    def report(now: Report) -> None:
        nonlocal saved
        if show:
            show(now)
        if now.step % LOG_STEPS == 0:
            row = {"step": now.step, "seconds": round(time.monotonic() - began, 1), "speed": now.images_per_second}
            with (run.folder / "metrics.jsonl").open("a") as file:
                file.write(json.dumps(row | now.losses) + "\n")
        if now.step % recipe.sheet_steps == 0:
            draw = autoencoder_sheet if recipe.stage == "autoencoder" else swap_sheet
            sheet = draw(trainer.averaged, shown.to(trainer.device))
            save_picture(run.folder / "sheets" / f"{now.step:06d}.png", sheet)
        if time.monotonic() - saved > 60 * recipe.checkpoint_minutes:
            save_state(run.state, trainer.state())
            saved = time.monotonic()

    with StopSignal(minutes) as stop:
        ended = trainer.run(report, stop)
    # Only here, not after a failure: that would put a state with numbers that are not finite over the last good one.
    save_state(run.state, trainer.state())
    return ended
