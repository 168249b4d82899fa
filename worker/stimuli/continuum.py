"""Faces between two faces, in steps that the encoder reads as equal."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from model.attributes import Attribute, Vector, part, similarity
from model.errors import InvalidRequest
from worker.stimuli.geometry import between, distances
from worker.stimuli.stimulus import Attributes, Embedding, Kind, Stimulus, Studio

ROUNDS = 40
"""Times at most that the amounts are corrected by what the encoder reads in the drawings."""
LOOKS = 8
"""Rounds after which the most even of all that was read is looked for."""
PART = 0.5
"""How much of a correction is made: pictures have 256 levels, by whose rounding whole corrections overshoot."""
EVEN = 0.01
"""Deviation of the steps from their mean below which there is nothing more to correct."""
LENGTHS = np.linspace(0.9, 1.1, 81)
"""Steps that are tried, as shares of the mean one."""

Amounts = NDArray[np.float64]


class Continuum(Kind):
    """Faces from `start` to `end`, both included; attributes that are not asked for are those of `start`.

    `even` names where the steps are equal: in what the encoder reads in the `drawn` faces, or in the `embedding` that
    is drawn.
    """

    kind: Literal["continuum"] = "continuum"
    start: Embedding
    end: Embedding
    steps: int = Field(9, ge=2, le=1000)
    attributes: Attributes = Field(tuple(Attribute), min_length=1)
    even: Literal["drawn", "embedding"] = "drawn"

    @property
    def count(self) -> int:
        """One for each step."""
        return self.steps

    @property
    def in_a_row(self) -> int:
        """The whole way."""
        return self.steps

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """The frames, with how far along each lies and what the encoder reads of it."""
        if float(distances(self.start, self.end, self.attributes)) == 0.0:
            raise InvalidRequest("There is no way between the two faces: they are the same in what was asked for.")
        amounts = np.linspace(0.0, 1.0, self.steps)
        if self.even == "drawn":
            amounts = self._even(studio, amounts)
        faces = self._at(amounts)
        read = _read(studio, faces)
        step = np.concatenate([[0.0], distances(read[:-1], read[1:], self.attributes)])
        return [
            Stimulus(
                f"frame-{number + 1:03}", face, {"amount": amount, "step": step[number]} | self._alike(read, number)
            )
            for number, (amount, face) in enumerate(zip(amounts.tolist(), faces, strict=True))
        ]

    def _even(self, studio: Studio, amounts: Amounts) -> Amounts:
        """The amounts at which neighbours are equally far apart as the encoder reads them.

        The way read so far is taken as a line from frame to frame, and cut anew in equal parts; at last each frame is
        the one of all rounds with which the steps are the most even.
        """
        tried, reads = list[Amounts](), list[Vector]()
        best = amounts
        for number in range(1, ROUNDS + 1):
            read = _read(studio, self._at(amounts))
            tried.append(amounts)
            reads.append(read)
            if number % LOOKS == 0:
                rounds, uneven = most_even(np.stack(reads), self.attributes)
                best = np.stack(tried)[rounds, np.arange(self.steps)]
                if uneven < EVEN:
                    break
            steps = distances(read[:-1], read[1:], self.attributes)
            way = np.concatenate([[0.0], np.cumsum(steps)])
            even = np.interp(np.linspace(0.0, way[-1], self.steps), way, amounts)
            amounts = amounts + PART * (even - amounts)
        return best

    def _at(self, amounts: Amounts) -> Vector:
        return np.stack([between(self.start, self.end, float(amount), self.attributes) for amount in amounts])

    def _alike(self, read: Vector, number: int) -> dict[str, float]:
        """How similar a frame is to the first and the last, as the encoder reads them."""
        return {
            f"{attribute}_{name}": float(similarity(attribute, part(read[number], attribute), part(other, attribute)))
            for attribute in self.attributes
            for name, other in (("to_start", read[0]), ("to_end", read[-1]))
        }


def most_even(reads: Vector, attributes: Attributes) -> tuple[NDArray[np.int64], float]:
    """For each frame the round whose reading makes the steps most even, of `(rounds, frames, 99)`, and how uneven.

    Dynamic programming over the frames: for each length of a step, the rounds with the least largest deviation from it.
    """
    ways = [distances(a[:, None], b[None], attributes) for a, b in pairwise(reads.swapaxes(0, 1))]
    rounds, least = np.zeros(len(ways) + 1, np.int64), np.inf
    for length in LENGTHS * np.mean([way.mean() for way in ways]):
        worst, before = np.zeros(len(reads)), list[NDArray[np.int64]]()
        for way in ways:
            reached = np.maximum(worst[:, None], np.abs(way / length - 1.0))
            before.append(reached.argmin(axis=0))
            worst = reached.min(axis=0)
        if worst.min() < least:
            least = float(worst.min())
            rounds[-1] = worst.argmin()
            for frame in range(len(ways) - 1, -1, -1):
                rounds[frame] = before[frame][rounds[frame + 1]]
    return rounds, least


def _read(studio: Studio, faces: Vector) -> Vector:
    """What the encoder reads in the drawings of some faces `(n, 99)`."""
    return studio.read(studio.render(faces))
