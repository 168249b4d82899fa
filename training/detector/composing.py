"""Composes the pictures that the detector learns from, of labelled photographs and of ones without faces."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from model.engine.backend import Pixels
from training.detector.material import Material
from training.detector.photometric_augmentation import relit
from training.detector.truth import Truth, together

BARELY = 0.45
"""A face of which less than this part is seen is neither face nor background."""


@dataclass(frozen=True)
class Composition:
    """How pictures are composed. Raises ValueError if the chances are not four positive numbers."""

    chances: tuple[float, float, float, float] = (0.4, 0.25, 0.2, 0.15)
    """Of one photograph, a mosaic of several, faces on another picture, and a picture without faces."""
    smallest: float = 10.0
    """Sizes of faces, in pixels, are spread evenly in their logarithm from here ..."""
    largest: float = 1.25
    """... to this part of the picture's side."""
    enlarged: float = 2.5
    """How much larger than in its photograph a face is shown at most: what is small stays so, where a crowd is."""
    least: float = 11.0
    """Smaller faces are neither faces nor background."""
    turn: float = 65.0
    """Degrees by which photographs are turned at most."""
    turned: float = 0.6
    """Share of photographs that are turned by any such angle; the others by a few degrees."""

    def __post_init__(self) -> None:
        if min(self.chances) < 0 or sum(self.chances) <= 0:
            raise ValueError(f"expected positive chances, not {self.chances}")

    def compose(self, material: Material, side: int, rng: np.random.Generator) -> tuple[Pixels, Truth]:
        """A picture `(side, side, 3)` and its faces."""
        kinds = (self._photograph, self._mosaic, self._pasted, self._nothing)
        chances = np.array(self.chances)
        image, parts = kinds[rng.choice(len(kinds), p=chances / chances.sum())](material, side, rng)
        truth = together(parts)
        truth = truth.chosen(truth.seen(side, side) > 0.1)
        small = (truth.sizes < self.least) | (truth.seen(side, side) < BARELY)
        return relit(image, rng), truth.doubted(small)

    def _size(self, side: float, rng: np.random.Generator) -> float:
        return float(np.exp(rng.uniform(math.log(self.smallest), math.log(self.largest * side))))

    def _angle(self, rng: np.random.Generator) -> float:
        free = rng.random() < self.turned
        return math.radians(rng.uniform(-self.turn, self.turn) if free else rng.normal(0, 5))

    def _photograph(self, material: Material, side: int, rng: np.random.Generator) -> tuple[Pixels, list[Truth]]:
        """One photograph at any size and angle; beyond its edge another picture, its own border or one colour."""
        image, truth = material.photograph(rng)
        face = _main(truth, rng)
        size = min(self._size(side, rng), self.enlarged * float(truth.sizes[face]))
        place = rng.uniform(0.0, 1.0, 2) * side if size < 0.5 * side else rng.uniform(0.3, 0.7, 2) * side
        transform = _placing(truth, face, size, place, self._angle(rng), rng.random() < 0.5)
        kind = rng.random()
        if kind < 0.55:
            canvas = material.background(side, rng)
            _lay(canvas, image, transform)
        else:
            mode = cv2.BORDER_REPLICATE if kind < 0.75 else cv2.BORDER_CONSTANT
            canvas = _warp(image, transform, side, mode, _colour(rng))
        return canvas, [_covered(canvas, truth.warped(transform), rng)]

    def _mosaic(self, material: Material, side: int, rng: np.random.Generator) -> tuple[Pixels, list[Truth]]:
        """A grid of photographs, some of its tiles without faces."""
        count = int(rng.integers(2, 6))
        edges = np.linspace(0, side, count + 1).round().astype(int)
        canvas = np.zeros((side, side, 3), np.uint8)
        parts = []
        for top, bottom in pairwise(edges):
            for left, right in pairwise(edges):
                tile = canvas[top:bottom, left:right]
                if rng.random() < 0.2:
                    tile[...] = material.background(max(tile.shape), rng)[: tile.shape[0], : tile.shape[1]]
                    continue
                image, truth = material.photograph(rng)
                middle = np.array([image.shape[1], image.shape[0]]) / 2
                scale = max(tile.shape[0] / image.shape[0], tile.shape[1] / image.shape[1]) * rng.uniform(1.0, 1.4)
                transform = _similarity(middle, scale, self._angle(rng), np.array(tile.shape[1::-1]) / 2, False)
                tile[...] = _warp(image, transform, max(tile.shape), cv2.BORDER_REPLICATE)[: len(tile), : right - left]
                inside = truth.warped(transform)
                inside = inside.doubted(inside.seen(right - left, bottom - top) < BARELY)
                parts.append(_moved(inside.chosen(inside.seen(right - left, bottom - top) > 0.1), left, top))
        return canvas, parts

    def _pasted(self, material: Material, side: int, rng: np.random.Generator) -> tuple[Pixels, list[Truth]]:
        """Faces with little about them, on a picture that has none."""
        canvas = material.background(side, rng)
        parts: list[Truth] = []
        for _ in range(int(rng.integers(1, 7))):
            image, truth = material.photograph(rng)
            face = _main(truth, rng)
            size = min(self._size(side, rng), 0.7 * side, self.enlarged * float(truth.sizes[face]))
            transform = _placing(truth, face, size, rng.uniform(0.05, 0.95, 2) * side, self._angle(rng), False)
            warped = truth.warped(transform)
            box = warped.boxes[face]
            if any((_common(box, part.boxes) > 0.02).any() for part in parts):
                continue
            shape = _oval(box, rng.uniform(1.2, 2.2), side, soft=rng.random() < 0.5)
            _lay(canvas, image, transform, shape)
            others = np.arange(len(warped)) != face
            shown = _share_shown(shape, warped)
            parts.append(warped.doubted(others & (shown < 0.8)).chosen(~others | (shown > 0.2)))
        return canvas, parts

    def _nothing(self, material: Material, side: int, rng: np.random.Generator) -> tuple[Pixels, list[Truth]]:
        """A picture without faces: one that has none, a photograph with its faces painted over, or shuffled pieces."""
        kind = rng.random()
        if kind < 0.4:
            return material.background(side, rng), []
        image, truth = material.photograph(rng)
        image = image.copy()
        for left, top, right, bottom in truth.boxes:
            reach = 0.3 * max(right - left, bottom - top)
            rows = slice(max(0, int(top - reach)), max(1, int(bottom + reach)))
            columns = slice(max(0, int(left - reach)), max(1, int(right + reach)))
            patch = image[rows, columns]
            if not patch.size:
                continue
            if rng.random() < 0.5:
                patch[...] = material.background(max(patch.shape[:2]), rng)[: patch.shape[0], : patch.shape[1]]
            else:
                coarse = cv2.resize(patch, (2, 2), interpolation=cv2.INTER_AREA)
                patch[...] = cv2.resize(coarse, patch.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        middle = np.array([image.shape[1], image.shape[0]]) / 2
        scale = side / min(image.shape[:2]) * rng.uniform(0.6, 2.0)
        transform = _similarity(middle, scale, self._angle(rng), np.array([side, side]) / 2, False)
        canvas = _warp(image, transform, side, cv2.BORDER_REPLICATE)
        return (_shuffled(canvas, rng) if kind > 0.8 else canvas), []


def _main(truth: Truth, rng: np.random.Generator) -> int:
    """One of the sure faces, mostly the largest; the largest of all where none is sure."""
    sizes = np.where(truth.sure, truth.sizes, 0.001 * truth.sizes)
    if truth.sure.sum() > 1 and rng.random() < 0.4:
        return int(rng.choice(np.flatnonzero(truth.sure)))
    return int(sizes.argmax())


def _similarity(
    source: NDArray[np.float64], scale: float, angle: float, target: NDArray[np.float64], mirrored: bool
) -> NDArray[np.float64]:
    """The transform `(2, 3)` that scales and turns a picture about a point and brings that point to another."""
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    return np.concatenate([linear, (target - linear @ source)[:, None]], axis=1)


def _placing(
    truth: Truth, face: int, size: float, place: NDArray[np.float64], angle: float, mirrored: bool
) -> NDArray[np.float64]:
    """The transform that gives one face a size and a place."""
    middle = ((truth.boxes[face, :2] + truth.boxes[face, 2:]) / 2).astype(float)
    return _similarity(middle, size / max(float(truth.sizes[face]), 1.0), angle, place, mirrored)


def _warp(
    image: Pixels, transform: NDArray[np.float64], side: int, mode: int, colour: tuple[float, float, float] = (0, 0, 0)
) -> Pixels:
    """The picture through a transform between pixel edges, averaged over areas where it shrinks."""
    scale = math.sqrt(abs(np.linalg.det(transform[:, :2])))
    if scale < 0.7:
        width, height = (max(2, round(length * scale)) for length in image.shape[1::-1])
        back = np.diag([image.shape[1] / width, image.shape[0] / height])
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        transform = np.concatenate([transform[:, :2] @ back, transform[:, 2:]], axis=1)
    # OpenCV counts from the pixels' middles.
    centred = transform.copy()
    centred[:, 2] += transform[:, :2] @ [0.5, 0.5] - 0.5
    how = cv2.INTER_LINEAR if scale < 1.5 else cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(image, centred, (side, side), flags=how, borderMode=mode, borderValue=colour))


def _lay(
    canvas: Pixels, image: Pixels, transform: NDArray[np.float64], shape: NDArray[np.float32] | None = None
) -> None:
    """Put a warped picture onto another, where it reaches and, if given, as far as a shape `(side, side)` lets it."""
    side = len(canvas)
    warped = _warp(image, transform, side, cv2.BORDER_REPLICATE)
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ transform[:, :2].T + transform[:, 2]
    area = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(area, np.clip(corners, -16000, 16000).round().astype(np.int32), 1)
    if shape is None:
        np.copyto(canvas, warped, where=area[..., None].astype(bool))
    else:
        weight = (shape * area)[..., None]
        canvas[...] = canvas + weight * (warped.astype(np.float32) - canvas)


def _oval(box: NDArray[np.float32], reach: float, side: int, soft: bool) -> NDArray[np.float32]:
    """An ellipse or a rectangle about a box."""
    middle, half = (box[:2] + box[2:]) / 2, reach * (box[2:] - box[:2]) / 2
    shape = np.zeros((side, side), np.float32)
    x, y, a, b = (int(number) for number in (*middle, *np.maximum(half, 1)))
    if soft:
        cv2.ellipse(shape, (x, y), (a, b), 0, 0, 360, 1.0, -1)
        return np.asarray(cv2.blur(shape, (max(1, a // 4), max(1, a // 4))), np.float32)
    cv2.rectangle(shape, (x - a, y - b), (x + a, y + b), 1.0, -1)
    return shape


def _share_shown(shape: NDArray[np.float32], truth: Truth) -> NDArray[np.float32]:
    """`(n,)`: how much of each box's content a shape lets through."""
    shares = []
    for left, top, right, bottom in np.clip(truth.boxes, 0, len(shape)).astype(int):
        part = shape[top:bottom, left:right]
        shares.append(float(part.mean()) if part.size else 0.0)
    return np.array(shares, np.float32)


def _common(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of the smaller of two boxes lies in the other."""
    spans = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    own = (box[2:] - box[:2]).prod()
    return np.asarray(np.clip(spans, 0, None).prod(axis=1) / np.maximum(np.minimum(areas, own), 1e-6), np.float32)


def _covered(canvas: Pixels, truth: Truth, rng: np.random.Generator) -> Truth:
    """The faces, of which some have a part covered: the lower half as by a mask, or any part by a hand's size."""
    for (left, top, right, bottom), size in zip(truth.boxes, truth.sizes, strict=True):
        if size < 20 or rng.random() > 0.12:
            continue
        width, height = right - left, bottom - top
        if rng.random() < 0.5:
            place = np.array([left, top + rng.uniform(0.5, 0.7) * height, right, bottom])
        else:
            corner = np.array([left, top]) + rng.uniform(0, 0.6, 2) * [width, height]
            place = np.concatenate([corner, corner + rng.uniform(0.2, 0.5, 2) * [width, height]])
        x, y, x2, y2 = np.clip(place, 0, len(canvas)).astype(int)
        canvas[y:y2, x:x2] = _colour(rng)
    return truth


def _colour(rng: np.random.Generator) -> tuple[float, float, float]:
    grey = rng.uniform(0, 255)
    red, green, blue = np.clip(grey + rng.normal(0, 25, 3), 0, 255)
    return float(red), float(green), float(blue)


def _moved(truth: Truth, right: float, down: float) -> Truth:
    return truth.warped(np.array([[1.0, 0.0, right], [0.0, 1.0, down]]))


def _shuffled(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Its pieces in another order, each perhaps upside down."""
    count = int(rng.integers(3, 8))
    piece = len(image) // count
    places: Sequence[tuple[int, int]] = [(y * piece, x * piece) for y in range(count) for x in range(count)]
    shuffled = image.copy()
    for (y, x), number in zip(places, rng.permutation(len(places)), strict=True):
        top, left = places[number]
        part = image[top : top + piece, left : left + piece]
        shuffled[y : y + piece, x : x + piece] = part[::-1] if rng.random() < 0.3 else part
    return shuffled
