"""Reverse correlation: pairs of a face with opposite noise in one attribute, and what people's choices say of them.

Of each pair one is chosen, for example the one that looks more trustworthy. What the choices have in common is a
direction within the attribute, as the classification image is one among pixels (Dotsch and Todorov, "Reverse
correlating social face perception", 2012). A model does not draw all noise alike: some of it hardly shows. So the
choices are regressed on what the encoder reads in the two drawings, and not on the noise that was asked for.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest
from worker.stimuli.choices import direction
from worker.stimuli.geometry import aside, moved, with_part
from worker.stimuli.stimulus import Embedding, Kind, Stimulus, Studio

SIDES = ("a", "b")
Side = Literal["a", "b"]
MAX_PAIRS = 100_000
MAX_ANSWERS = 1000
"""Choices that are regressed at once: both faces of each are drawn and read."""

_Numbers = NDArray[np.float64]


class NoisePairs(Kind):
    """Pairs of a face plus and minus noise of so many degrees in one attribute; which is which is drawn too.

    Of an experiment's `pairs` those from `first` to `last` are drawn, all without them.
    """

    kind: Literal["noise"] = "noise"
    face: Embedding
    attribute: Attribute = Attribute.IDENTITY
    pairs: int = Field(300, ge=1, le=MAX_PAIRS)
    first: int = Field(1, ge=1)
    last: int | None = Field(None, ge=1)
    degrees: float = Field(30.0, gt=0.0, le=90.0)
    seed: int = Field(0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.first <= self.end <= self.pairs:
            raise ValueError(f"pairs go from 1 to {self.pairs}, and from {self.first} to {self.end} there are none")
        return self

    @property
    def end(self) -> int:
        """The number of the last pair that is drawn."""
        return self.pairs if self.last is None else self.last

    @property
    def count(self) -> int:
        """Two for each pair."""
        return 2 * (self.end - self.first + 1)

    @property
    def in_a_row(self) -> int:
        """A pair."""
        return 2

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """Two faces a pair, `a` and `b`; the table says which of the two has the noise added."""
        del studio
        added, stimuli = self._added(), []
        numbers = range(self.first, self.end + 1)
        for pair, faces in zip(numbers, self.faces(numbers), strict=True):
            for side, sign, face in zip(SIDES, (added[pair - 1], -added[pair - 1]), faces, strict=True):
                columns = {"pair": pair, "side": side, "sign": int(sign)}
                stimuli.append(Stimulus(f"pair-{pair:04}-{side}", face, columns))
        return stimuli

    def faces(self, numbers: Sequence[int]) -> Vector:
        """Both faces of some pairs, by their numbers from 1, `(n, 2, 99)`."""
        own, noise, added = part(self.face, self.attribute), self.noise(), self._added()

        def drawn(pair: int, sign: int) -> Vector:
            vector = moved(self.attribute, own, noise[pair - 1], float(sign * np.radians(self.degrees)))
            return with_part(self.face, self.attribute, vector)

        return np.stack([[drawn(pair, added[pair - 1]), drawn(pair, -added[pair - 1])] for pair in numbers])

    def noise(self) -> Vector:
        """The noise of each pair `(pairs, size)`: unit directions within the space, drawn evenly."""
        numbers = np.random.default_rng([self.seed, 0]).normal(size=(self.pairs, SPACES[self.attribute].size))
        return aside(self.attribute, part(self.face, self.attribute), np.asarray(numbers, np.float32))

    def _added(self) -> NDArray[np.int64]:
        """For each pair 1 where the noise is added to `a`, -1 where it is added to `b`."""
        return np.asarray(np.random.default_rng([self.seed, 1]).choice([1, -1], self.pairs))


class Classification(Kind):
    """The face of some pairs moved along what the choices among them have in common, by so many degrees each.

    `answers` names for the number of a pair, from 1, the side that was chosen; pairs may be missing.
    """

    kind: Literal["classification"] = "classification"
    noise: NoisePairs
    answers: dict[Annotated[int, Field(ge=1, le=MAX_PAIRS)], Side] = Field(min_length=1, max_length=MAX_ANSWERS)
    degrees: list[float] = Field([-30.0, 0.0, 30.0], min_length=1)

    @property
    def count(self) -> int:
        """One for each angle."""
        return len(self.degrees)

    @property
    def in_a_row(self) -> int:
        """All angles."""
        return len(self.degrees)

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """A face for each angle, and the share of choices that such a direction predicts."""
        chosen = self._chosen()
        weights, predicted = direction(self._shown(studio), chosen)
        noise, own = self.noise, part(self.noise.face, self.noise.attribute)
        towards = aside(noise.attribute, own, np.asarray(weights, np.float32))
        columns: dict[str, float] = {"choices": len(chosen)}
        if np.isfinite(predicted):
            columns["predicted"] = predicted
        stimuli = []
        for number, degrees in enumerate(self.degrees, start=1):
            vector = moved(noise.attribute, own, towards, float(np.radians(degrees)))
            face = with_part(noise.face, noise.attribute, vector)
            stimuli.append(Stimulus(f"along-{number:03}", face, {"degrees": degrees, **columns}))
        return stimuli

    def _shown(self, studio: Studio) -> _Numbers:
        """What the encoder reads as the difference of the two faces of each pair `(n, size)`, a less b."""
        wrong = [pair for pair in self.answers if pair > self.noise.pairs]
        if wrong:
            raise InvalidRequest(f"Pairs go from 1 to {self.noise.pairs}, and there is an answer to pair {wrong[0]}.")
        faces = self.noise.faces(list(self.answers))
        read = part(studio.read(studio.render(faces.reshape(-1, faces.shape[-1]))), self.noise.attribute)
        pairs = read.astype(np.float64).reshape(len(faces), 2, -1)
        return np.asarray(pairs[:, 0] - pairs[:, 1])

    def _chosen(self) -> _Numbers:
        """1 for each `a`, -1 for each `b`, `(n,)`."""
        return np.array([1.0 if side == SIDES[0] else -1.0 for side in self.answers.values()])
