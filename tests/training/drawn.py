"""Prepared crops of drawn faces with made-up labels, for tests that read or train on them."""

from functools import cache

import numpy as np

from tests.faces import Mouth, draw_face, jpeg
from training.data.crops import CropSet, fit_targets, load_crops
from training.data.regions import Region, encode
from training.data.shards import CROP_SIZE, FRAME_SIZE, Sample

WHOLE = encode(np.full((CROP_SIZE, CROP_SIZE), Region.FACE, np.uint8))
"""The regions of a crop that is all face."""
MOUTHS: tuple[Mouth, ...] = ("neutral", "smile")
EXPRESSIONS = {"neutral": "neutral", "smile": "happiness"}
FEELINGS = {"neutral": [0.0, 0.0], "smile": [0.8, 0.3]}


def sample(number: int, split: str = "train") -> Sample:
    """The crop of one of two faces of a person, with labels that follow from the number."""
    person, mouth = number // 2, MOUTHS[number % 2]
    rng, own = np.random.default_rng(person), np.random.default_rng(1000 + number)
    teacher = rng.normal(size=128) + 0.1 * own.normal(size=128)
    return Sample(
        key=f"Person{person}_{number:04d}",
        split=split,
        crop=_picture(person, mouth),
        regions=WHOLE,
        side=float(FRAME_SIZE),
        detector="haar",
        identity=f"Person{person}",
        expression=EXPRESSIONS[mouth],
        pose=own.normal(0, 0.2, 3).tolist(),
        blendshapes=own.uniform(0, 1, 52).tolist(),
        teacher=teacher.tolist(),
        video="the only one",
        valence_arousal=FEELINGS[mouth],
    )


@cache
def _picture(person: int, mouth: Mouth) -> bytes:
    """Drawn once for all tests of a process."""
    return jpeg(draw_face(CROP_SIZE, person, mouth))


def samples(count: int, split: str = "train", first: int = 0) -> list[Sample]:
    return [sample(number, split) for number in range(first, first + count)]


def crop_set(count: int, image_size: int = 64, first: int = 0) -> CropSet:
    """Crops with targets of their own, from 17 on for expression and 33 on for identity."""
    chosen = samples(count, first=first)
    return load_crops(chosen, image_size, fit_targets(chosen))
