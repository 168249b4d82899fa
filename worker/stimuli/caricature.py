"""A face made more, or less, different from the mean of a set."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from model.attributes import SPACES, Attribute, part
from model.embedding import blend
from model.errors import InvalidRequest
from worker.stimuli.geometry import angle_between, mean_of, with_part
from worker.stimuli.stimulus import Embedding, Kind, Stimulus, Studio


class Caricature(Kind):
    """One attribute of a face on the way from the mean of a set through the face: 0 is the mean, 1 the face itself.

    Amounts between are anti-caricatures, those above 1 caricatures, those below 0 lie on the mean's other side. The
    distance to the mean is the amount times the face's own.
    """

    kind: Literal["caricature"] = "caricature"
    face: Embedding
    among: list[Embedding] = Field(min_length=1)
    attribute: Attribute = Attribute.IDENTITY
    amounts: list[float] = Field([0.0, 0.5, 1.0, 1.5, 2.0], min_length=1)

    @property
    def count(self) -> int:
        """One for each amount."""
        return len(self.amounts)

    @property
    def in_a_row(self) -> int:
        """All amounts."""
        return len(self.amounts)

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """A face for each amount, with its distance to the mean as it is drawn and as the encoder reads it."""
        own = part(self.face, self.attribute)
        mean = mean_of(self.attribute, part(np.stack(self.among), self.attribute))
        distance = float(angle_between(self.attribute, mean, own))
        furthest = distance * max(abs(amount) for amount in self.amounts)
        if SPACES[self.attribute].unit and furthest > np.pi:
            raise InvalidRequest(
                f"The face lies {np.degrees(distance):.0f} degrees from the mean: "
                f"amounts go up to {np.pi / distance:.2f}."
            )
        points = [blend(self.attribute, mean, own, amount) for amount in self.amounts]
        faces = np.stack([with_part(self.face, self.attribute, point) for point in points])
        drawn = studio.render(np.concatenate([faces, with_part(self.face, self.attribute, mean)[None]]))
        *read, read_mean = part(studio.read(drawn), self.attribute)
        return [
            Stimulus(
                f"caricature-{number:03}",
                face,
                {
                    "amount": amount,
                    "degrees": float(np.degrees(amount * distance)),
                    "read_degrees": float(np.degrees(angle_between(self.attribute, seen, read_mean))),
                },
            )
            for number, (amount, face, seen) in enumerate(zip(self.amounts, faces, read, strict=True), start=1)
        ]
