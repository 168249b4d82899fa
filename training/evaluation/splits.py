"""The splits of prepared folders, at one model's size."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.crops import CropSet, Targets, fit_targets, load_crops, load_samples

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Splits:
    """The three splits of some prepared folders."""

    train: CropSet
    val: CropSet
    test: CropSet


def load_splits(folders: Sequence[Path], image_size: int) -> Splits:
    """All splits, with targets fitted on the training split alone."""
    samples = load_samples(folders, SPLITS)
    targets = fit_targets([sample for sample in samples if sample.split == "train"])
    return Splits(
        *(load_crops([sample for sample in samples if sample.split == split], image_size, targets) for split in SPLITS)
    )


def load_keys(folders: Sequence[Path], keys: Collection[str], image_size: int) -> CropSet:
    """The crops of some keys, of whatever split, without targets. Raises ValueError if the folders hold none."""
    samples = [sample for sample in load_samples(folders, SPLITS) if sample.key in keys]
    if not samples:
        raise ValueError(f"{', '.join(map(str, folders))} hold none of the {len(keys)} crops")
    return load_crops(samples, image_size, Targets(None, None))


def load_split(folders: Sequence[Path], split: str, image_size: int) -> CropSet:
    """The crops of one split (`train`, `val` or `test`), without the targets that only training needs.

    Raises ValueError if the folders hold none, and what `load_samples` raises.
    """
    samples = load_samples(folders, [split])
    if not samples:
        raise ValueError(f"{', '.join(map(str, folders))} hold no crops of the split {split!r}")
    return load_crops(samples, image_size, Targets(None, None))
