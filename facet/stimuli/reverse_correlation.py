"""Reverse correlation: pairs of a face with opposite noise in one attribute, and what people's choices say of them.

Of each pair one is chosen, for example the one that looks more trustworthy. The mean of the noise that was chosen
points to what the choices have in common (Dotsch and Todorov, "Reverse correlating social face perception", 2012), here
within one attribute.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from facet.stimuli.geometry import aside, moved, with_part
from facet.stimuli.stimulus import Embedding, Kind, Stimulus
from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest

if TYPE_CHECKING:
    from facet.library import Facet

SIDES = ("a", "b")


class NoisePairs(Kind):
    """Pairs of a face plus and minus noise of so many degrees in one attribute; which is which is drawn too."""

    kind: Literal["noise"] = "noise"
    face: Embedding
    attribute: Attribute = Attribute.IDENTITY
    pairs: int = Field(300, ge=1, le=100_000)
    degrees: float = Field(30.0, gt=0.0, le=90.0)
    seed: int = Field(0, ge=0, lt=2**32)

    @property
    def in_a_row(self) -> int:
        """A pair."""
        return 2

    def plan(self, model: "Facet") -> Sequence[Stimulus]:
        """Two faces a pair, `a` and `b`; the table says which of the two has the noise added."""
        del model
        own, stimuli = part(self.face, self.attribute), []
        for pair, (noise, first) in enumerate(zip(self.noise(), self._added(), strict=True), start=1):
            for side, sign in zip(SIDES, (first, -first), strict=True):
                vector = moved(self.attribute, own, noise, float(sign * np.radians(self.degrees)))
                columns = {"pair": pair, "side": side, "sign": int(sign)}
                stimuli.append(
                    Stimulus(f"pair-{pair:04}-{side}", with_part(self.face, self.attribute, vector), columns)
                )
        return stimuli

    def noise(self) -> Vector:
        """The noise of each pair `(pairs, size)`: unit directions within the space, drawn evenly."""
        numbers = np.random.default_rng([self.seed, 0]).normal(size=(self.pairs, SPACES[self.attribute].size))
        return aside(self.attribute, part(self.face, self.attribute), np.asarray(numbers, np.float32))

    def _added(self) -> Vector:
        """For each pair 1 where the noise is added to `a`, -1 where it is added to `b`."""
        return np.asarray(np.random.default_rng([self.seed, 1]).choice([1, -1], self.pairs))

    def classification(self, answers: Mapping[int, str]) -> Vector:
        """The classification image `(size,)`: the mean of the noise that was chosen, with unit length.

        `answers` names for the number of a pair, from 1, the side that was chosen; pairs may be missing. Raises
        InvalidRequest for other pairs or sides, and for answers without a direction.
        """
        if not answers:
            raise InvalidRequest("There are no answers.")
        wrong = [pair for pair, side in answers.items() if not 1 <= pair <= self.pairs or side not in SIDES]
        if wrong:
            raise InvalidRequest(f"Pairs go from 1 to {self.pairs}, sides are a and b; pair {wrong[0]} has neither.")
        places = np.array(list(answers)) - 1
        chosen = np.array([1 if side == SIDES[0] else -1 for side in answers.values()]) * self._added()[places]
        total = (chosen[:, None] * self.noise()[places]).sum(axis=0)
        return aside(self.attribute, part(self.face, self.attribute), total)
