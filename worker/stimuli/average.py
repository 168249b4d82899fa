"""The average of some faces, in all attributes or in some."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from model.attributes import Attribute, part, similarity
from model.errors import InvalidRequest
from worker.stimuli.geometry import mean_of, with_part
from worker.stimuli.stimulus import Attributes, Embedding, Kind, Stimulus, Studio


class Average(Kind):
    """The mean of each attribute asked for; the others are those of `onto`, or of the first face."""

    kind: Literal["average"] = "average"
    faces: list[Embedding] = Field(min_length=1)
    attributes: Attributes = tuple(Attribute)
    weights: list[float] | None = None
    onto: Embedding | None = None

    @property
    def count(self) -> int:
        """One."""
        return 1

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """One face; the table says how similar its members are to it on average."""
        del studio
        if self.weights is not None and len(self.weights) != len(self.faces):
            raise InvalidRequest(f"There are {len(self.faces)} faces and {len(self.weights)} weights.")
        stacked = np.stack(self.faces)
        weights = None if self.weights is None else np.array(self.weights, np.float32)
        face = self.faces[0] if self.onto is None else self.onto
        columns = {}
        for attribute in self.attributes:
            mean = mean_of(attribute, part(stacked, attribute), weights)
            face = with_part(face, attribute, mean)
            columns[f"{attribute}_similarity"] = float(similarity(attribute, part(stacked, attribute), mean).mean())
        return [Stimulus("average", face, {"faces": len(self.faces), **columns})]
