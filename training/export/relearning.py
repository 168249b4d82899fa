"""A model file whose splitter and merger learnt once more, without the run that it came from."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model.checkpoint import load_checkpoint
from model.face_model import FaceModel
from training.data.sources.lfw import Pair
from training.evaluation.splits import Splits
from training.export.finishing import finish


def relearn_file(
    path: Path,
    to: Path,
    learn: Callable[[FaceModel], None],
    splits: Splits,
    pairs: Sequence[Pair] | None,
    card: Path | None,
) -> dict[str, Any]:
    """Write a model with what `learn` makes of splitter and merger; returns its card.

    Encoder and decoder change by the whitening alone. The card keeps what it told of the weights' history and gains new
    `metrics`; its reports go, as they were of other embeddings. `card` is a TOML file whose entries replace the card's.
    `pairs` is as in `training.evaluation.summary.evaluate`.
    """
    checkpoint = load_checkpoint(path)
    learn(checkpoint.model)
    kept = {name: value for name, value in checkpoint.card.items() if name != "reports"}
    told = tomllib.loads(card.read_text()) if card else {}
    return finish(checkpoint.model, to, checkpoint.id.rpartition("-")[0], splits, pairs, kept | told)
