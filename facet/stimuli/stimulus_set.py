"""A set of stimuli that is drawn: its pictures, its table, and the recipe."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from facet.library import Drawings
from model.attributes import Vector
from model.images.encode import SourceType, encode_jpeg
from worker.stimuli.recipe import Recipe

RECIPE, TABLE = "recipe.json", "stimuli.csv"


@dataclass(frozen=True)
class StimulusSet:
    """Drawn faces in the order of their table."""

    recipe: Recipe
    names: Sequence[str]
    drawings: Drawings
    table: Sequence[dict[str, Any]]
    """For each face `file`, and what its kind of set says of it."""

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<StimulusSet {self.recipe.stimuli.kind}, {len(self)} faces>"

    @cached_property
    def embeddings(self) -> Vector:
        """What is drawn, `(n, 99)`."""
        return np.stack([drawing.embedding for drawing in self.drawings])

    def save(self, folder: str | Path) -> Path:
        """Write a PNG for each face, marked as synthetic, the table as CSV and the recipe as JSON."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for row, drawing in zip(self.table, self.drawings, strict=True):
            drawing.save(folder / row["file"])
        with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(self.table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.table)
        self.recipe.write(folder / RECIPE)
        return folder

    def sheet(self, columns: int | None = None) -> bytes:
        """All faces on one PNG, so many in a row, by default as their kind has them; marked as synthetic."""
        return self.drawings.sheet(columns or self.recipe.stimuli.in_a_row)

    def _repr_jpeg_(self) -> bytes:
        """How notebooks show it."""
        return encode_jpeg(self.drawings.tiled(self.recipe.stimuli.in_a_row), SourceType.TRAINED)
