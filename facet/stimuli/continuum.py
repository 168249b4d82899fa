"""Faces between two faces, in steps that the encoder reads as equal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from facet.stimuli.geometry import between, distances
from facet.stimuli.stimulus import Attributes, Embedding, Kind, Stimulus
from model.attributes import Attribute, Vector, part, similarity
from model.errors import InvalidRequest

if TYPE_CHECKING:
    from facet.library import Facet

ROUNDS = 40
"""Times that the amounts are corrected by what the encoder reads in the drawings; the best are taken."""
PART = 0.5
"""How much of a correction is made: pictures have 256 levels, by whose rounding whole corrections overshoot."""
EVEN = 0.005
"""Deviation of the steps from their mean below which there is nothing more to correct."""

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
    def in_a_row(self) -> int:
        """The whole way."""
        return self.steps

    def plan(self, model: "Facet") -> Sequence[Stimulus]:
        """The frames, with how far along each lies and what the encoder reads of it."""
        if float(distances(self.start, self.end, self.attributes)) == 0.0:
            raise InvalidRequest("There is no way between the two faces: they are the same in what was asked for.")
        amounts = np.linspace(0.0, 1.0, self.steps)
        if self.even == "drawn":
            amounts = self._even(model, amounts)
        faces = self._at(amounts)
        read = _read(model, faces)
        step = np.concatenate([[0.0], distances(read[:-1], read[1:], self.attributes)])
        return [
            Stimulus(
                f"frame-{number + 1:03}", face, {"amount": amount, "step": step[number]} | self._alike(read, number)
            )
            for number, (amount, face) in enumerate(zip(amounts.tolist(), faces, strict=True))
        ]

    def _even(self, model: "Facet", amounts: Amounts) -> Amounts:
        """The amounts at which neighbours are equally far apart as the encoder reads them.

        The way read so far is taken as a line from frame to frame, and cut anew in equal parts.
        """
        best, least = amounts, np.inf
        for _ in range(ROUNDS):
            read = _read(model, self._at(amounts))
            steps = distances(read[:-1], read[1:], self.attributes)
            uneven = float(np.abs(steps / steps.mean() - 1.0).max())
            if uneven < least:
                best, least = amounts, uneven
            if uneven < EVEN:
                break
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


def _read(model: "Facet", faces: Vector) -> Vector:
    """What the encoder reads in the drawings of some faces `(n, 99)`."""
    return model.embed(model.render(faces), align="none", progress=False)
