"""The photographs with faces and the pictures without that training pictures are composed of."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from model.engine.backend import Pixels
from model.faces.detector import Box
from model.images.decode import decode
from training.data.sources.pictures import Split
from training.detector.labels import LIMITS, Labelled, read_labels
from training.detector.truth import Truth, truth_of

LARGEST_BACKGROUND = 768
"""Longest side at which pictures without faces are kept in memory."""
LARGEST_PHOTOGRAPH = 800
HELD = 3 * 2**30
"""Bytes of decoded photographs that are kept in memory: reading them anew takes a quarter of the time of composing."""
MINED = 0.4
"""Share of backgrounds that show where a detector saw a face that is none, where there are such."""
FINEST = 3
"""A part of a background is at most so many times as large as it is needed: to average larger ones takes long."""


class Material:
    """Draws photographs by the weights of their sources, and parts of pictures without faces."""

    def __init__(self, sources: Sequence[tuple[Path, float]], split: Split) -> None:
        """Raises ValueError if there are no photographs with faces or no pictures without."""
        labelled = [(list(read_labels([path], split)), weight) for path, weight in sources]
        self._photographs = [
            ([each for each in rows if any(face.score >= 0.6 for face in each.faces)], weight)
            for rows, weight in labelled
        ]
        self._photographs = [(rows, weight) for rows, weight in self._photographs if rows]
        empty = [each for rows, _ in labelled for each in rows if not each.faces]
        if not self._photographs or not empty:
            raise ValueError(f"expected labelled pictures with faces and ones without, in the {split} split")
        self._chances = np.array([weight for _, weight in self._photographs]) / sum(
            weight for _, weight in self._photographs
        )
        self._held: dict[int, tuple[Pixels, Truth]] = {}
        self._room = HELD
        self._backgrounds: list[Pixels] = []
        self._alarms: list[tuple[int, Box]] = []
        for each in empty:
            whole = _read(each)
            kept = _reduced(whole, LARGEST_BACKGROUND)
            scale = max(kept.shape[:2]) / max(whole.shape[:2])
            self._alarms += [(len(self._backgrounds), _scaled(alarm, scale)) for alarm in each.alarms]
            self._backgrounds.append(kept)

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self._photographs)

    def photograph(self, rng: np.random.Generator) -> tuple[Pixels, Truth]:
        """Any photograph, with at least one sure face."""
        rows, _ = self._photographs[rng.choice(len(self._photographs), p=self._chances)]
        chosen = rows[rng.integers(len(rows))]
        if id(chosen) in self._held:
            return self._held[id(chosen)]
        image, truth = _read(chosen), truth_of(chosen)
        small = _reduced(image, LARGEST_PHOTOGRAPH)
        scale = np.array(small.shape[1::-1]) / image.shape[1::-1]
        made = small, truth.warped(np.concatenate([np.diag(scale), np.zeros((2, 1))], axis=1))
        if small.nbytes <= self._room:
            self._held[id(chosen)] = made
            self._room -= small.nbytes
        return made

    def background(self, side: int, rng: np.random.Generator) -> Pixels:
        """A square part `(side, side, 3)` of a picture without faces, perhaps in a mirror: any one, or a mined one."""
        mined = bool(self._alarms) and rng.random() < MINED
        image, top, left, span = self._about_alarm(side, rng) if mined else self._anywhere(side, rng)
        part = image[top : top + span, left : left + span]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        how = cv2.INTER_AREA if span > side else cv2.INTER_LINEAR
        return np.array(cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=how), np.uint8)

    def _anywhere(self, side: int, rng: np.random.Generator) -> tuple[Pixels, int, int, int]:
        """A picture, and the top, left and side of a square in it."""
        image = self._backgrounds[rng.integers(len(self._backgrounds))]
        shorter = min(image.shape[:2])
        span = min(int(shorter * rng.uniform(0.2, 1.0)), FINEST * side)
        top, left = (int(rng.integers(length - span + 1)) for length in image.shape[:2])
        return image, top, left, span

    def _about_alarm(self, side: int, rng: np.random.Generator) -> tuple[Pixels, int, int, int]:
        """The same, with the middle of an alarm in the square, at half to twice the size that it has in the picture."""
        number, (x, y, width, height) = self._alarms[rng.integers(len(self._alarms))]
        image = self._backgrounds[number]
        span = min(int(side * np.exp2(rng.uniform(-1.0, 1.0))), *image.shape[:2])
        middles, lengths = (y + height / 2, x + width / 2), image.shape[:2]
        top, left = (
            int(np.clip(middle - rng.uniform(0.0, 1.0) * span, 0, length - span))
            for middle, length in zip(middles, lengths, strict=True)
        )
        return image, top, left, span


def _scaled(box: Box, factor: float) -> Box:
    x, y, width, height = (factor * number for number in box)
    return x, y, width, height


def _read(labelled: Labelled) -> Pixels:
    return decode(labelled.picture.read(), LIMITS)


def _reduced(image: Pixels, longest: int) -> Pixels:
    factor = longest / max(image.shape[:2])
    if factor >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
