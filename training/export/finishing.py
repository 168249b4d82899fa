"""The last steps of every model file: weights whitened, calibrated, measured and written."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.engine.engine import Engine
from model.face_model import FaceModel
from training.data.sources.lfw import Pair
from training.evaluation.faces import see, still_crops
from training.evaluation.splits import Splits
from training.evaluation.summary import evaluate
from training.export.calibration import calibrate
from training.networks.whitening import latents, whiten


def finish(
    model: FaceModel, path: Path, name: str, splits: Splits, pairs: Sequence[Pair] | None, card: dict[str, Any]
) -> dict[str, Any]:
    """Whiten a model and write it with its calibration and a card that gains `metrics`; returns that card.

    `pairs` is as in `training.evaluation.summary.evaluate`.
    """
    training, _ = still_crops(splits.train, model.config.image_size)
    whiten(model, latents(model, training))
    with TemporaryDirectory() as folder:
        # Saved and measured as loaded, so that the figures are those of the float16 weights that people get.
        draft = Path(folder) / "draft.safetensors"
        save_checkpoint(draft, name, model, Calibration(), card)
        engine = Engine(draft, "cpu")
    engine.calibration = calibrate(see(engine, splits.train), see(engine, splits.val))
    measured = card | {"metrics": evaluate(engine, splits.test, splits.val, pairs, training)}
    save_checkpoint(path, name, model, engine.calibration, measured)
    return measured
