"""How several data sets share a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Source:
    """A prepared folder and its weight; without one it counts by its size."""

    folder: Path
    weight: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Source":
        """`FOLDER` or `FOLDER:WEIGHT`; a folder of that whole name goes first. Raises ValueError for a bad weight."""
        folder, colon, weight = text.rpartition(":")
        if not colon or Path(text).exists():
            return cls(Path(text))
        try:
            value = float(weight)
        except ValueError:
            value = float("nan")
        if not 0.0 < value < float("inf"):
            raise ValueError(f"{text}: expected FOLDER or FOLDER:WEIGHT with a weight above 0, not {weight!r}")
        return cls(Path(folder), value)


def weights_of(sources: Sequence[Source]) -> tuple[float, ...] | None:
    """The weights of all, or None if none has one. Raises ValueError if only some have."""
    weights = tuple(source.weight for source in sources if source.weight is not None)
    if weights and len(weights) < len(sources):
        bare = next(source.folder for source in sources if source.weight is None)
        raise ValueError(f"{bare} has no weight, but others have; give each folder one, or none")
    return weights or None


def shares(weights: Sequence[float], batch_size: int) -> list[int]:
    """How many crops of each batch come from each data set: its share, rounded by largest remainder.

    Raises ValueError if one would give none.
    """
    exact = np.array(weights) / sum(weights) * batch_size
    counts = np.floor(exact).astype(int)
    largest = np.argsort(counts - exact, kind="stable")
    counts[largest[: batch_size - counts.sum()]] += 1
    for weight, count in zip(weights, counts, strict=True):
        if count == 0:
            raise ValueError(f"a weight of {weight:g} of {sum(weights):g} gives no crop to a batch of {batch_size}")
    return [int(count) for count in counts]
