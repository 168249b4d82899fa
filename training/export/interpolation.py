"""Weights between those of two models, of which one was trained on from the other."""

from pathlib import Path

import torch

from model.checkpoint import Checkpoint, load_checkpoint
from model.errors import InvalidCheckpoint


def interpolated(path: Path, other: Path, share: float) -> Checkpoint:
    """A model file's content with its decoder moved a share of the way to another file's.

    Weights on the line between two of one training mostly work as well as either (Wortsman et al. 2022, WiSE-FT): a
    critic's sharpness can be taken in part. All that reads faces stays bit-equal. Raises InvalidCheckpoint for files
    of networks of different sizes.
    """
    one, two = load_checkpoint(path), load_checkpoint(other)
    if one.model.config != two.model.config:
        raise InvalidCheckpoint(f"{other} has networks of other sizes than {path}; none lie between the two.")
    with torch.no_grad():
        for mine, its in zip(one.model.decoder.parameters(), two.model.decoder.parameters(), strict=True):
            mine.lerp_(its, share)
    return one
