"""What a run writes about itself: measurements as JSON lines and for TensorBoard, and picture sheets."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from tensorboardX import SummaryWriter

from training.runtime.sheets import save_picture


class Journal:
    """`metrics.jsonl`, `tensorboard/` and `sheets/` in a run's folder, which go on from a step.

    What a killed run wrote of steps beyond its last checkpoint is taken back, since those steps come again.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._folder = folder
        self._metrics = folder / "metrics.jsonl"
        if self._metrics.exists():
            _keep_until(self._metrics, step)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1 if step else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._board.close()

    def measured(self, step: int, values: dict[str, float], facts: dict[str, float]) -> None:
        """Losses by name, and facts about the step itself, such as its speed."""
        with self._metrics.open("a") as file:
            file.write(json.dumps({"step": step} | facts | values) + "\n")
        for group, entries in (("loss", values), ("step", facts)):
            for name, value in entries.items():
                self._board.add_scalar(f"{group}/{name}", value, step)

    def sheet(self, step: int, pixels: np.ndarray) -> None:
        """An RGB picture."""
        save_picture(self._folder / "sheets" / f"{step:06d}.png", pixels)
        self._board.add_image("sheet", pixels, step, dataformats="HWC")


def _keep_until(path: Path, step: int) -> None:
    """Drop rows of later steps, and a last row that was cut off in the middle; aside first, then renamed."""
    kept = []
    for line in path.read_text().splitlines(keepends=True):
        row = _parsed(line)
        if row is not None and row["step"] <= step:
            kept.append(line)
    aside = path.with_suffix(".writing")
    aside.write_text("".join(kept))
    os.replace(aside, path)


def _parsed(line: str) -> dict[str, Any] | None:
    """A row, or None for what a kill left of one."""
    if not line.endswith("\n"):
        return None
    row: dict[str, Any] = json.loads(line)
    return row
