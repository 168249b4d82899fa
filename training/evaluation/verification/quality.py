"""What a least quality is good for: wrong decisions about who somebody is, among faces that are at least so good."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.attributes import Attribute, Vector, part
from model.engine.backend import Backend, Pixels
from model.errors import FacetError
from model.faces import quality
from model.faces.alignment import Frame, crop, frame_of
from model.faces.detector import Detection, Detector
from model.images.decode import ImageLimits, decode
from training.data.sources.pictures import Picture
from training.evaluation.faces import CHUNK
from training.evaluation.plots import curves
from training.evaluation.report import Report, percent

THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
EACH = 5
"""Pairs of either kind that each face is in, at most."""
LEAST = 100
"""Pairs of a kind below which the share of wrong decisions says nothing."""
AS_IT_IS = "as it is"
Spoil = Callable[[Pixels, Detection, np.random.Generator], Pixels]
"""A photograph after something befell it, given the face in it."""


@dataclass(frozen=True)
class Probes:
    """n faces that were found in photographs, spoiled ones among them."""

    people: Sequence[str]
    keys: Sequence[str]
    """Of the photographs."""
    kinds: Sequence[str]
    """What befell them."""
    identities: Vector
    """`(n, 32)`"""
    plain: NDArray[np.float64]
    """`(n,)`: quality without likeness."""
    full: NDArray[np.float64]
    """`(n,)`: quality with it."""
    missed: int = 0
    """Photographs in which no face was found any more."""


@dataclass(frozen=True)
class Kept:
    """What is decided of pairs whose faces both have at least some quality."""

    threshold: float
    share: float
    """Of all pairs that are left."""
    wrong: float
    """Share that is decided wrongly, where both kinds of pairs are equally many: the mean of the next two."""
    rejected: float
    """Of the matched ones."""
    accepted: float
    """Of the mismatched ones."""


def several_each(pictures: Sequence[Picture], people: int, each: int = 4) -> list[Picture]:
    """The first pictures of so many people who have at least two; people by name, so that they are always the same."""
    of: dict[str, list[Picture]] = {}
    for picture in pictures:
        if picture.identity is not None:
            of.setdefault(picture.identity, []).append(picture)
    several = [sorted(mine, key=lambda picture: picture.key) for _, mine in sorted(of.items()) if len(mine) > 1]
    # Of CFP's 14 views of each person some of either kind: every third or fourth.
    return [picture for mine in several[:people] for picture in mine[:: max(1, len(mine) // each)][:each]]


def find(
    pictures: Sequence[Picture], finder: Detector, backend: Backend, seed: int = 0, show: Callable[[], object] = int
) -> Probes:
    """The face of each photograph as it is and as each way of spoiling leaves it, as the model sees it.

    Photographs without a face as they are do not count. Raises ValueError where none has one.
    """
    generator, found, missed = np.random.default_rng(seed), list[_Found](), 0
    for picture in pictures:
        try:
            pixels = decode(picture.read(), ImageLimits())
        except FacetError:
            continue
        for kind, seen in _spoilt(pixels, finder, generator):
            detections = finder.detect(seen, 1)
            if detections:
                found.append(_Found.of(picture, kind, seen, detections[0], backend.read_size))
            else:
                missed += 1
        show()
    if not found:
        raise ValueError("there are no pictures in which a face is found")
    return _probes(found, backend, missed)


def decide(probes: Probes, scores: NDArray[np.float64], threshold: float, seed: int = 0) -> list[Kept]:
    """Decisions by a threshold of identity, at each of `THRESHOLDS` of quality (`scores`).

    Each face is compared with some of its person in other photographs, and with some of other people, as they are.
    Thresholds that leave fewer than `LEAST` pairs of either kind are left out. Raises ValueError where there are
    not two photographs of a person, and of another.
    """
    matched, mismatched = _pairs(probes, np.random.default_rng(seed))
    wrong = {
        True: _similarities(probes, matched) < threshold,
        False: _similarities(probes, mismatched) >= threshold,
    }
    least = {True: scores[matched].min(axis=1), False: scores[mismatched].min(axis=1)}
    kept = []
    for wanted in THRESHOLDS:
        good = {same: least[same] >= wanted for same in (True, False)}
        if min(np.count_nonzero(mask) for mask in good.values()) >= LEAST:
            rejected, accepted = (float(wrong[same][good[same]].mean()) for same in (True, False))
            share = float(np.concatenate([*good.values()]).mean())
            kept.append(Kept(wanted, share, (rejected + accepted) / 2, rejected, accepted))
    return kept


def report(model: str, detector: str, probes: Probes, plain: Sequence[Kept], full: Sequence[Kept]) -> Report:
    """The decisions by threshold, without likeness and with it."""
    tables = [[["faces", str(len(probes.people))], ["not found any more", str(probes.missed)]]]
    kinds = {"without likeness": plain, "with likeness": full}
    for name, kept in kinds.items():
        heading = [f"least quality ({name})", "pairs left", "wrong", "rejected, of one person", "accepted, of two"]
        rows = [
            [f"{one.threshold:.1f}", *map(percent, (one.share, one.wrong, one.rejected, one.accepted))] for one in kept
        ]
        tables.append([heading, *rows])
    figures = {
        "detector": detector,
        "people": len(set(probes.people)),
        "faces": len(probes.people),
        "missed": probes.missed,
    } | {name: [asdict(one) for one in kept] for name, kept in kinds.items()}
    lines = {name: ([one.threshold for one in kept], [one.wrong for one in kept]) for name, kept in kinds.items()}
    return Report("quality", model, figures, tables, curves(lines, "least quality", "share of wrong decisions"))


@dataclass(frozen=True)
class _Found:
    picture: Picture
    kind: str
    detection: Detection
    frame: Frame
    crop: Pixels

    @classmethod
    def of(cls, picture: Picture, kind: str, seen: Pixels, detection: Detection, size: int) -> "_Found":
        frame = frame_of(detection)
        return cls(picture, kind, detection, frame, crop(seen, frame, size))


def _spoilt(pixels: Pixels, finder: Detector, generator: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    """A photograph with a face as it is, and as each of `SPOILS` leaves it."""
    detections = finder.detect(pixels, 1)
    if detections:
        yield AS_IT_IS, pixels
        for kind, spoil in SPOILS.items():
            yield kind, np.ascontiguousarray(spoil(pixels, detections[0], generator))


def _probes(found: Sequence[_Found], backend: Backend, missed: int) -> Probes:
    embeddings, alike = list[Vector](), list[float]()
    for start in range(0, len(found), CHUNK):
        crops = np.stack([one.crop for one in found[start : start + CHUNK]])
        embeddings.append(backend.embed(crops))
        alike += quality.likenesses(list(crops), backend.render(embeddings[-1]))
    whole = np.concatenate(embeddings)
    plain = [
        math.prod(
            quality.parts(one.detection, one.frame, quality.sharpness(one.crop), pose, backend.read_size).values()
        )
        for one, pose in zip(found, part(whole, Attribute.POSE), strict=True)
    ]
    return Probes(
        [str(one.picture.identity) for one in found],
        [one.picture.key for one in found],
        [one.kind for one in found],
        part(whole, Attribute.IDENTITY),
        np.array(plain),
        np.array(plain) * np.array(alike),
        missed,
    )


def _pairs(probes: Probes, generator: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of matched pairs `(m, 2)` and of mismatched ones `(k, 2)`: each face beside one that nothing befell."""
    people, keys = np.array(probes.people), np.array(probes.keys)
    whole = np.array(probes.kinds) == AS_IT_IS
    matched, mismatched = list[tuple[int, int]](), list[tuple[int, int]]()
    for row in range(len(people)):
        same = people == people[row]
        for pairs, others in ((matched, same & (keys != keys[row])), (mismatched, ~same)):
            choice = np.flatnonzero(others & whole)
            chosen = generator.choice(choice, min(EACH, len(choice)), replace=False)
            pairs += [(row, other) for other in chosen.tolist()]
    if not matched or not mismatched:
        raise ValueError("decisions need two photographs of one person, and one of another")
    return np.array(matched), np.array(mismatched)


def _similarities(probes: Probes, pairs: NDArray[np.intp]) -> Vector:
    return np.asarray((probes.identities[pairs[:, 0]] * probes.identities[pairs[:, 1]]).sum(axis=1))


def _between(generator: np.random.Generator, low: float, high: float) -> float:
    """A number of which each factor of the range is as probable as another."""
    return float(np.exp(generator.uniform(math.log(low), math.log(high))))


def _blurred(pixels: Pixels, face: Detection, generator: np.random.Generator) -> Pixels:
    deviation = frame_of(face).side * _between(generator, 1 / 250, 1 / 16)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)


def _shrunk(pixels: Pixels, face: Detection, generator: np.random.Generator) -> Pixels:
    factor = min(1.0, _between(generator, 12.0, 64.0) / frame_of(face).side)
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarged(pixels: Pixels, face: Detection, generator: np.random.Generator) -> Pixels:
    small, (height, width) = _shrunk(pixels, face, generator), pixels.shape[:2]
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _covered(pixels: Pixels, face: Detection, generator: np.random.Generator) -> Pixels:
    """The lower or upper part of the face, or its left or right, behind one colour."""
    x, y, width, height = face.box
    share, result = generator.uniform(0.3, 0.7), pixels.copy()
    left, top, right, bottom = x, y, x + width, y + height
    match generator.integers(4):
        case 0:
            top = bottom - share * height
        case 1:
            bottom = top + share * height
        case 2:
            left = right - share * width
        case _:
            right = left + share * width
    rows, columns = (slice(max(0, round(low)), max(0, round(high))) for low, high in ((top, bottom), (left, right)))
    result[rows, columns] = generator.integers(0, 256, 3)
    return result


def _dark(pixels: Pixels, _: Detection, generator: np.random.Generator) -> Pixels:
    return _noised(pixels * generator.uniform(0.03, 0.5), 2.0, generator)


def _noisy(pixels: Pixels, _: Detection, generator: np.random.Generator) -> Pixels:
    return _noised(pixels, _between(generator, 5.0, 80.0), generator)


def _noised(pixels: NDArray[np.generic], deviation: float, generator: np.random.Generator) -> Pixels:
    noise = generator.normal(0.0, deviation, pixels.shape)
    return np.asarray(np.clip(np.rint(pixels.astype(float) + noise), 0, 255), np.uint8)


SPOILS: dict[str, Spoil] = {
    "blurred": _blurred,
    "shrunk": _shrunk,
    "enlarged": _enlarged,
    "covered": _covered,
    "dark": _dark,
    "noisy": _noisy,
}
