"""Small made-up data sets of drawn faces, and what preparation makes of them."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

from tests.faces import draw_face, jpeg
from training.data.prepare import Preparation, Preparer
from training.data.regions import decode
from training.data.shards import CROP_SIZE, Sample
from training.data.sources.pictures import Failure, Picture

CUT_SHORT = "The picture is damaged or cut short; send the complete file."


@cache
def face(seed: int) -> bytes:
    return jpeg(draw_face(120, seed))


@cache
def two_faces(left: int, right: int) -> bytes:
    return jpeg(np.hstack([draw_face(120, left, center=0.4), draw_face(120, right, center=0.6)]))


def put(path: Path, content: bytes | str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def split(items: Iterable[Picture | Failure]) -> tuple[dict[str, Picture], dict[str, str]]:
    """The pictures by key, and the reasons of the failures by key."""
    read = list(items)
    pictures = {item.key: item for item in read if isinstance(item, Picture)}
    failures = {item.key: item.reason for item in read if isinstance(item, Failure)}
    assert len(pictures) + len(failures) == len(read), "keys are unique"
    return pictures, failures


def prepared(pictures: Iterable[Picture]) -> tuple[dict[str, Sample], dict[str, str]]:
    """The samples by key, and the reasons of the failures by key."""
    preparer = Preparer(Preparation())
    results = [preparer.prepare(picture) for picture in pictures]
    samples = {result.key: result for result in results if isinstance(result, Sample)}
    return samples, {result.key: result.reason for result in results if isinstance(result, Failure)}


def side(sample: Sample) -> str:
    """On which side of a wide picture its crop lies: the photograph reaches further to the other one."""
    seen = (decode(sample.regions) > 0).any(axis=0).nonzero()[0]
    return "left" if CROP_SIZE - 1 - seen[-1] < seen[0] else "right"
