"""Weights between those of two models, of which one was trained on from the other."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.engine import Engine
from model.errors import InvalidCheckpoint
from training.data.sources.lfw import Pair
from training.evaluation.faces import still_crops
from training.evaluation.splits import Splits
from training.evaluation.summary import evaluate
from training.export.finishing import finish

OF_READING = ("lfw", "cfp", "affectnet", "disentanglement", "detection")
"""Reports of a card that another decoder leaves true."""


def interpolate(
    path: Path, other: Path, share: float, to: Path, splits: Splits, pairs: Sequence[Pair] | None, whole: bool = False
) -> None:
    """Write a model with its decoder moved a share of the way to another file's, and its figures measured anew.

    Weights on the line between two of one training mostly work as well as either (Wortsman et al. 2022, WiSE-FT): a
    critic's sharpness can be taken in part. All that reads faces stays bit-equal, and of the card's reports those stay
    that are about reading. Both models must have one encoder, as a drawing stage leaves it: decoders draw from what it
    reads. `pairs` is as in `evaluate`. Raises InvalidCheckpoint for files of networks of other sizes.

    With `whole`, all four networks move, as is good where both go back to one model. The file is then whitened and
    calibrated as `export` does, and no report stays.
    """
    one, two = load_checkpoint(path), load_checkpoint(other)
    if one.model.config != two.model.config:
        raise InvalidCheckpoint(f"{other} has networks of other sizes than {path}; none lie between the two.")
    moved, goal = (one.model, two.model) if whole else (one.model.decoder, two.model.decoder)
    with torch.no_grad():
        for mine, its in zip(moved.parameters(), goal.parameters(), strict=True):
            mine.lerp_(its, share)
    name = one.id.rpartition("-")[0]
    card = {name: value for name, value in one.card.items() if name != "reports"}
    if whole:
        finish(one.model, to, name, splits, pairs, card)
        return
    if "reports" in one.card:
        card["reports"] = {name: report for name, report in one.card["reports"].items() if name in OF_READING}
    with TemporaryDirectory() as folder:
        # Measured as saved, as `export` does.
        draft = Path(folder) / "draft.safetensors"
        save_checkpoint(draft, name, one.model, one.calibration, card)
        training, _ = still_crops(splits.train, one.model.config.image_size)
        card["metrics"] = evaluate(Engine(draft, "cpu"), splits.test, splits.val, pairs, training)
    save_checkpoint(to, name, one.model, one.calibration, card, one.int8_reader)
