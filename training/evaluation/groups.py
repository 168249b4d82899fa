"""On whom a model errs, by UTKFace's labels of age, gender and race.

The labels are one annotator's; they say how a face was read, not who a person is.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.attributes import Attribute, part, similarity
from model.engine.backend import Backend, Pixels
from training.data.augmentation import Framing, frame
from training.data.crops import CropSet
from training.data.sources.utkface import NAME
from training.evaluation.faces import CHUNK, Faces, embed_all
from training.evaluation.plots import bars
from training.evaluation.reconstruction import reconstruct, similarities
from training.evaluation.report import Report
from training.runtime.sheets import to_pixels

AGES = (0, 10, 20, 40, 60, 1000)
"""Bands from one age up to the next."""
GENDERS = ("male", "female")
RACES = ("White", "Black", "Asian", "Indian", "other")
EVERYONE = "everyone"
FEWEST = 20
"""Faces that a group needs to be reported."""


@dataclass(frozen=True)
class GroupError:
    """Means over the faces of a group."""

    faces: int
    ssim: float
    """Of the reconstruction."""
    identity_consistency: float
    """Cosine between the identities of a crop and of the same crop looked at again."""
    pose_degrees: float | None
    """Absolute error over the three angles of the faces whose pose is labelled; None where none is."""


def groups_of(key: str) -> list[str]:
    """The groups of a picture of UTKFace by its key; empty for any other key."""
    labels = NAME.fullmatch(key)
    if not labels:
        return []
    age, gender, race = (int(labels[name]) for name in ("age", "gender", "race"))
    low, high = next(band for band in itertools.pairwise(AGES) if age < band[1])
    years = f"age {low} to {high - 1}" if high < AGES[-1] else f"age {low} and over"
    return [EVERYONE, years, GENDERS[gender], RACES[race]]


def looked_at_again(crops: CropSet, size: int) -> Pixels:
    """The crops `(n, size, size, 3)` mirrored, 8 % closer, turned by 5 degrees and moved by 2.5 % of the side.

    These are one standard deviation of what training varies, about what two detectors differ by.
    """
    pictures = []
    for pixels in crops.chunks(CHUNK):
        every, moved = torch.ones(len(pixels)), torch.full((len(pixels), 2), 0.025)
        again = Framing(every * math.exp(-0.08), every * math.radians(5.0), moved, every.bool())
        pictures.append(to_pixels(frame(pixels, again, size)[0]))
    return np.concatenate(pictures)


def group_errors(backend: Backend, faces: Faces) -> dict[str, GroupError]:
    """Errors of everyone with labels and of each group that is large enough.

    Raises ValueError if no group is, as with a data set that is not UTKFace.
    """
    again = embed_all(backend, looked_at_again(faces.labels, backend.image_size))
    identity = part(faces.embeddings, Attribute.IDENTITY)
    consistency = similarity(Attribute.IDENTITY, identity, part(again, Attribute.IDENTITY))
    pose = np.abs(part(faces.embeddings, Attribute.POSE) - faces.labels.pose.numpy())
    measures = (similarities(reconstruct(backend, faces), faces.pixels), consistency, pose.mean(axis=1))
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(faces.labels.keys):
        for group in groups_of(key):
            rows.setdefault(group, []).append(row)
    errors = {group: _errors(np.array(mine), *measures) for group, mine in rows.items() if len(mine) >= FEWEST}
    if not errors:
        raise ValueError(f"no group of age, gender or race has {FEWEST} faces; the labels are in UTKFace's file names")
    order = (EVERYONE, "age", *GENDERS, *RACES)
    return dict(sorted(errors.items(), key=lambda item: (order.index(item[0].split()[0]), item[0])))


def _errors(
    rows: NDArray[np.integer],
    ssim: NDArray[np.floating],
    consistency: NDArray[np.floating],
    pose: NDArray[np.floating],
) -> GroupError:
    known = pose[rows][~np.isnan(pose[rows])]
    degrees = float(np.degrees(known.mean())) if len(known) else None
    return GroupError(len(rows), float(ssim[rows].mean()), float(consistency[rows].mean()), degrees)


def report(model: str, errors: Mapping[str, GroupError]) -> Report:
    """Every group's errors, and a plot of those that are cosines or similarities."""
    table = [["group", "faces", "SSIM", "identity consistency", "pose error"]]
    table += [
        [
            name,
            str(one.faces),
            f"{one.ssim:.3f}",
            f"{one.identity_consistency:.3f}",
            "-" if one.pose_degrees is None else f"{one.pose_degrees:.2f}°",
        ]
        for name, one in errors.items()
    ]
    groups = {
        "SSIM of the reconstruction": {name: one.ssim for name, one in errors.items()},
        "identity consistency": {name: one.identity_consistency for name, one in errors.items()},
    }
    return Report("groups", model, {name: asdict(one) for name, one in errors.items()}, [table], bars(groups, ""))
