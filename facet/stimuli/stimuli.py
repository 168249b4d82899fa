"""Every kind of set as a call of a loaded model: `facet.load().stimuli`."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facet import __version__
from facet.library.edits import attribute_of
from facet.library.pictures import FaceLike
from facet.stimuli.controversial import controversial
from facet.stimuli.stimulus_set import StimulusSet
from model.attributes import Attribute, Vector
from model.engine.backend import Pixels
from model.errors import InvalidRequest
from worker.interface import Align
from worker.stimuli.average import Average
from worker.stimuli.caricature import Caricature
from worker.stimuli.continuum import Continuum
from worker.stimuli.factorial import Factorial
from worker.stimuli.ratings import Along, Direction, fit
from worker.stimuli.recipe import Recipe, made
from worker.stimuli.reverse_correlation import Classification, NoisePairs
from worker.stimuli.stimulus import Kind

if TYPE_CHECKING:
    from facet.library import Facet

Name = Attribute | str


class _Studio:
    """A loaded model as kinds of sets ask of it."""

    def __init__(self, model: "Facet") -> None:
        self._model = model
        self.calibration = model.calibration
        self.sample, self.render = model.sample, model.render

    def read(self, drawn: Pixels) -> Vector:
        return self._model.embed(drawn, align="none", progress=False)


class Stimuli:
    """Sets of drawn faces for experiments, each with a table and a recipe. Faces are whatever `Facet.embed` takes."""

    def __init__(self, model: "Facet", align: Align = "auto") -> None:
        self._model = model
        self._align: Align = align

    def average(
        self,
        faces: Iterable[FaceLike],
        *,
        attributes: Sequence[Name] = tuple(Attribute),
        weights: Sequence[float] | None = None,
        onto: FaceLike | None = None,
    ) -> StimulusSet:
        """The average of some faces in some attributes; in the others it is `onto`, or the first face."""
        given = {} if onto is None else {"onto": self._one(onto)}
        kind = made(Average, faces=self._many(faces), attributes=_names(attributes), weights=weights, **given)
        return self.draw(kind)

    def continuum(
        self,
        start: FaceLike,
        end: FaceLike,
        steps: int = 9,
        *,
        attributes: Sequence[Name] = tuple(Attribute),
        even: Literal["drawn", "embedding"] = "drawn",
    ) -> StimulusSet:
        """Faces from one to another in equal steps of similarity, in some attributes."""
        a, b = self._many([start, end])
        return self.draw(made(Continuum, start=a, end=b, steps=steps, attributes=_names(attributes), even=even))

    def caricature(
        self,
        face: FaceLike,
        among: Iterable[FaceLike],
        amounts: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0),
        *,
        attribute: Name = Attribute.IDENTITY,
    ) -> StimulusSet:
        """A face away from the mean of a set in one attribute: 0 is the mean, 1 the face, above 1 a caricature."""
        own, others, name = self._one(face), self._many(among), attribute_of(attribute)
        return self.draw(made(Caricature, face=own, among=others, attribute=name, amounts=list(amounts)))

    def factorial(
        self,
        people: int | Iterable[FaceLike] = 8,
        expressions: Sequence[str] = ("neutral", "happiness"),
        turns: Sequence[float] = (-20.0, 0.0, 20.0),
        *,
        seed: int = 0,
        shared: Sequence[Name] = (),
    ) -> StimulusSet:
        """Every person, made from the seed or given, with every expression in every turn (degrees of yaw)."""
        who = {"people": people} if isinstance(people, int) else {"faces": self._many(people)}
        levels = {"expressions": list(expressions), "turns": list(turns), "shared": _names(shared)}
        return self.draw(made(Factorial, **who, **levels, seed=seed))

    def direction(
        self,
        faces: Iterable[FaceLike],
        ratings: Sequence[float],
        *,
        attribute: Name = Attribute.IDENTITY,
        groups: Sequence[Hashable] | None = None,
        seed: int = 0,
    ) -> Direction:
        """What ratings depend on within one attribute, with its cross-validated R²; `groups` share a fold."""
        embeddings = self._model.embed(list(faces), align=self._align)
        return fit(embeddings, ratings, attribute_of(attribute), groups, seed)

    def along(
        self, face: FaceLike, direction: Direction, degrees: Sequence[float] = (-45, -30, -15, 0, 15, 30, 45)
    ) -> StimulusSet:
        """A face moved along a direction."""
        where = {"attribute": direction.attribute, "weights": direction.weights.tolist()}
        moved = {"face": self._one(face), "degrees": list(degrees), "intercept": direction.intercept}
        return self.draw(made(Along, **where, **moved))

    def noise(
        self,
        face: FaceLike,
        pairs: int = 300,
        *,
        attribute: Name = Attribute.IDENTITY,
        degrees: float = 30.0,
        seed: int = 0,
    ) -> StimulusSet:
        """Pairs of a face with opposite noise in one attribute, for reverse correlation."""
        own, name = self._one(face), attribute_of(attribute)
        return self.draw(made(NoisePairs, face=own, attribute=name, pairs=pairs, degrees=degrees, seed=seed))

    def classification(
        self, pairs: StimulusSet | Recipe, answers: Mapping[int, str], degrees: Sequence[float] = (-30, 0, 30)
    ) -> StimulusSet:
        """The classification image of the answers to `noise` (pair: `a` or `b`), drawn on its face."""
        recipe = pairs.recipe if isinstance(pairs, StimulusSet) else pairs
        noise = recipe.stimuli
        if not isinstance(noise, NoisePairs):
            raise InvalidRequest(f"Answers belong to pairs of noise, not to a set of the kind {noise.kind}.")
        return self.draw(made(Classification, noise=noise, answers=dict(answers), degrees=list(degrees)))

    def controversial(
        self,
        other: "Facet",
        pairs: int = 10,
        *,
        attribute: Name = Attribute.IDENTITY,
        candidates: int = 500,
        seed: int = 0,
    ) -> StimulusSet:
        """Pairs of made-up faces whose similarity this model and another judge most differently."""
        return self.draw(controversial(self._model, other, attribute_of(attribute), pairs, candidates, seed))

    def again(self, recipe: Recipe | str | Path) -> StimulusSet:
        """The set of a recipe. Raises InvalidRequest for a recipe of another model."""
        recipe = recipe if isinstance(recipe, Recipe) else Recipe.read(recipe)
        if recipe.model != self._model.id:
            raise InvalidRequest(f"The recipe is of the model {recipe.model}, this is {self._model.id}.")
        return self.draw(recipe.stimuli)

    def draw(self, kind: Kind) -> StimulusSet:
        """The set of a kind, drawn."""
        recipe = Recipe.of(kind, __version__, self._model.id)
        plan = kind.plan(_Studio(self._model))
        names = [stimulus.name for stimulus in plan]
        drawings = self._model.drawings([stimulus.embedding for stimulus in plan])
        table = [{"file": f"{stimulus.name}.png", **stimulus.columns} for stimulus in plan]
        return StimulusSet(recipe, names, drawings, table)

    def _one(self, face: FaceLike) -> object:
        return self._model.embed(face, align=self._align)

    def _many(self, faces: Iterable[FaceLike]) -> list[object]:
        return list(self._model.embed(list(faces), align=self._align))


def _names(attributes: Sequence[Name]) -> list[Attribute]:
    return [attribute_of(name) for name in attributes]
