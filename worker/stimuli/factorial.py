"""Every person with every expression in every turn."""

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from model.attributes import Attribute, part
from model.edits import Edit, apply
from worker.stimuli.geometry import with_part
from worker.stimuli.stimulus import Attributes, Embedding, Kind, Stimulus, Studio


class Factorial(Kind):
    """People from a seed, or given as `faces`, crossed with expressions (presets of the model) and turns in degrees.

    Of each person the attributes in `shared` are those of the first. Pitch and roll are 0.
    """

    kind: Literal["factorial"] = "factorial"
    people: int = Field(8, ge=1, le=1000)
    seed: int = Field(0, ge=0, lt=2**32)
    faces: list[Embedding] | None = None
    expressions: list[str] = Field(["neutral", "happiness"], min_length=1)
    turns: list[float] = Field([-20.0, 0.0, 20.0], min_length=1)
    shared: Attributes = ()

    @property
    def count(self) -> int:
        """Every combination."""
        return (self.people if self.faces is None else len(self.faces)) * self.in_a_row

    @property
    def in_a_row(self) -> int:
        """All faces of a person."""
        return len(self.expressions) * len(self.turns)

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """A face for each combination, and its levels in the table. Raises ImpossibleEdit for an unknown expression."""
        people = studio.sample(self.people, self.seed) if self.faces is None else np.stack(self.faces)
        presets = studio.calibration.presets
        stimuli = []
        for (number, person), expression, turn in itertools.product(
            enumerate(people, start=1), self.expressions, self.turns
        ):
            for attribute in self.shared:
                person = with_part(person, attribute, part(people[0], attribute))
            edits = [
                Edit(Attribute.EXPRESSION, preset=expression),
                Edit(Attribute.POSE, set={"pitch": 0.0, "yaw": turn, "roll": 0.0}),
            ]
            name = f"person-{number:03}_{expression}_{turn:+g}"
            columns = {"person": number, "expression": expression, "turn": turn}
            stimuli.append(Stimulus(name, apply(person, edits, (), presets), columns))
        return stimuli
