"""Pairs of faces that two models judge differently, as a set that is drawn."""

from collections.abc import Sequence
from typing import Literal

from model.attributes import Attribute
from model.errors import InvalidRequest
from worker.stimuli.stimulus import Embedding, Kind, Stimulus, Studio


class Controversial(Kind):
    """The chosen pairs, one face after the other, with how similar each model finds the two.

    A rank is the share of all pairs of candidates that the model finds less similar.
    """

    kind: Literal["controversial"] = "controversial"
    attribute: Attribute
    other: str
    """The id of the other model."""
    faces: list[Embedding]
    similarities: list[tuple[float, float]]
    ranks: list[tuple[float, float]]

    @property
    def count(self) -> int:
        """Two for each pair."""
        return len(self.faces)

    @property
    def in_a_row(self) -> int:
        """A pair."""
        return 2

    def plan(self, studio: Studio) -> Sequence[Stimulus]:
        """Two faces a pair; the table has both models' similarities and ranks."""
        del studio
        if not 2 * len(self.similarities) == 2 * len(self.ranks) == len(self.faces):
            raise InvalidRequest("Each pair has two faces, two similarities and two ranks.")
        return [
            Stimulus(f"pair-{number // 2 + 1:03}-{'ab'[number % 2]}", face, self._columns(number // 2))
            for number, face in enumerate(self.faces)
        ]

    def _columns(self, pair: int) -> dict[str, float]:
        names = ("similarity", "other_similarity", "rank", "other_rank")
        return {"pair": pair + 1, **dict(zip(names, self.similarities[pair] + self.ranks[pair], strict=True))}
