"""Sets of drawn faces for experiments: averages, continua, caricatures, factorial sets, reverse correlation."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from model.attributes import Attribute
from model.errors import InvalidRequest
from service.body.given_faces import GivenFaces
from service.body.request_body import Inputs
from service.openapi.descriptions import EMBEDDING, PICTURE, PICTURE_PROBLEMS, PICTURES, request_body
from service.openapi.stimuli import FACES, GROUPS, JSON_TEXT, MAX_FACES, RATINGS
from service.responses.stimuli import DRAWN_SET, RECIPE, DrawnStimuli, drawn_set
from service.routing.dependencies import BodyDep, ConfigDep, InferenceDep
from service.routing.parameters import AlignQuery, within
from service.schemas import AttributeName
from worker.interface import Inference
from worker.stimuli.average import Average
from worker.stimuli.caricature import Caricature
from worker.stimuli.continuum import Continuum
from worker.stimuli.factorial import Factorial
from worker.stimuli.ratings import Along, fit
from worker.stimuli.recipe import Recipe, made
from worker.stimuli.reverse_correlation import MAX_ANSWERS, SIDES, Classification, NoisePairs
from worker.stimuli.stimulus import Kind

router = APIRouter(tags=["stimuli"])
Route = TypeVar("Route", bound=Callable[..., Any])

ALL = tuple(Attribute)

ANSWERS: dict[str, Any] = {
    "type": "object",
    "patternProperties": {"^[1-9][0-9]{0,5}$": {"enum": list(SIDES)}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": MAX_ANSWERS,
    "description": "for the number of a pair the side that was chosen",
    "example": {"1": "a", "2": "b"},
}

Finite = Annotated[float, Field(allow_inf_nan=False)]
Attrs = Annotated[list[AttributeName] | None, Query(description="only these attributes; all if left out")]
Attr = Annotated[AttributeName, Query(description="the attribute that changes")]
Degrees = Annotated[
    list[Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]] | None,
    Query(min_length=1, max_length=64, description="how far to move, for each face that is drawn"),
]
Seed = Annotated[int, Query(ge=0, lt=2**32, description="the same seed draws the same faces")]


def drawing(path: str, body: dict[str, Any]) -> Callable[[Route], Route]:
    """A route that answers a set."""
    responses = {**PICTURE_PROBLEMS, **DRAWN_SET}
    return router.post(f"/stimuli/{path}", response_model=DrawnStimuli, responses=responses, openapi_extra=body)


def of_faces(form: dict[str, Any], json: dict[str, Any], needs: list[str]) -> dict[str, Any]:
    """A body of pictures, or of embeddings under the same names."""
    return request_body(form, needs, json=json, json_needs=needs, required=bool(needs))


class Easel:
    """What every route does with its set: bounds it, has it drawn by the model of its faces, and answers it."""

    def __init__(self, request: Request, config: ConfigDep, inference: Inference) -> None:
        self._request, self._limit, self._inference = request, config.max_generate, inference

    async def draw(self, kind: type[Kind], model: str | None, r2: float | None = None, **fields: Any) -> Response:
        """The answer. Raises InvalidRequest for fields that are wrong, and for more faces than one request may draw."""
        return await self.drawn(made(kind, **fields), model, r2)

    async def drawn(self, kind: Kind, model: str | None, r2: float | None = None) -> Response:
        """The answer of a kind that is there."""
        within("The number of faces of the set", kind.count, self._limit)
        drawn = await self._inference.stimuli(kind, model=model)
        recipe = Recipe.of(kind, self._request.app.version, drawn.drawings[0].model)
        return await drawn_set(self._request, recipe, drawn, r2)


@drawing("average", of_faces({"faces": PICTURES, "onto": PICTURE}, {"faces": FACES, "onto": EMBEDDING}, ["faces"]))
async def average_faces(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    attr: Attrs = None,
    weight: Annotated[
        list[Finite] | None, Query(max_length=MAX_FACES, description="of each face, in order; equal if left out")
    ] = None,
    align: AlignQuery = "auto",
) -> Response:
    """Draw the average of some faces, in all attributes or in some; in the others it is `onto`, or the first face."""
    given = GivenFaces(inference, body, align)
    fields: dict[str, Any] = {"faces": await given.many("faces", MAX_FACES), "onto": await given.perhaps("onto")}
    easel = Easel(request, config, inference)
    return await easel.draw(Average, given.model, **fields, attributes=attr or ALL, weights=weight)


@drawing(
    "continuum",
    of_faces({"start": PICTURE, "end": PICTURE}, {"start": EMBEDDING, "end": EMBEDDING}, ["start", "end"]),
)
async def continuum_of_faces(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    attr: Attrs = None,
    steps: Annotated[int, Query(ge=2, description="frames, with both ends")] = 9,
    even: Annotated[
        Literal["drawn", "embedding"],
        Query(description="where the steps are equal: as the encoder reads the drawings, or in what is drawn"),
    ] = "drawn",
    align: AlignQuery = "auto",
) -> Response:
    """Draw faces from one to another in equal steps of similarity."""
    given = GivenFaces(inference, body, align)
    ends: dict[str, Any] = {"start": await given.one("start"), "end": await given.one("end")}
    within("steps", steps, config.max_generate)
    easel = Easel(request, config, inference)
    return await easel.draw(Continuum, given.model, **ends, attributes=attr or ALL, steps=steps, even=even)


@drawing(
    "caricature", of_faces({"face": PICTURE, "among": PICTURES}, {"face": EMBEDDING, "among": FACES}, ["face", "among"])
)
async def caricature_of_face(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    attr: Attr = Attribute.IDENTITY,
    amount: Annotated[
        list[Finite] | None,
        Query(min_length=1, max_length=64, description="0 is the mean, 1 the face; 0, 0.5, 1, 1.5 and 2 if left out"),
    ] = None,
    align: AlignQuery = "auto",
) -> Response:
    """Draw a face made more, or less, different from the mean of the faces `among`."""
    given = GivenFaces(inference, body, align)
    fields: dict[str, Any] = {
        "face": await given.one("face"),
        "among": await given.many("among", MAX_FACES),
        "attribute": attr,
    }
    if amount is not None:
        fields["amounts"] = amount
    return await Easel(request, config, inference).draw(Caricature, given.model, **fields)


@drawing("factorial", of_faces({"faces": PICTURES}, {"faces": FACES}, []))
async def factorial_set(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    people: Annotated[int | None, Query(ge=1, description="how many people are made up; 8 without `faces`")] = None,
    expression: Annotated[
        list[str] | None, Query(max_length=64, description="presets of the model; neutral and happiness if left out")
    ] = None,
    turn: Annotated[
        list[Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]] | None,
        Query(max_length=64, description="degrees of yaw; -20, 0 and 20 if left out"),
    ] = None,
    share: Annotated[list[AttributeName] | None, Query(description="what all have of the first person")] = None,
    seed: Seed = 0,
    align: AlignQuery = "auto",
) -> Response:
    """Draw every person with every expression in every turn: those in `faces`, or people who are made up."""
    given = GivenFaces(inference, body, align)
    fields: dict[str, Any] = {"seed": seed, "shared": share or ()}
    if given.has("faces"):
        if people is not None:
            raise InvalidRequest("The people are those in `faces`, or as many as `people` says; send one of the two.")
        fields["faces"] = await given.many("faces", MAX_FACES)
    else:
        fields["people"] = within("people", 8 if people is None else people, config.max_generate)
    fields |= {name: levels for name, levels in (("expressions", expression), ("turns", turn)) if levels}
    return await Easel(request, config, inference).draw(Factorial, given.model, **fields)


@drawing(
    "direction",
    of_faces(
        {"faces": PICTURES, "ratings": JSON_TEXT, "groups": JSON_TEXT, "face": PICTURE},
        {"faces": FACES, "ratings": RATINGS, "groups": GROUPS, "face": EMBEDDING},
        ["faces", "ratings"],
    ),
)
async def direction_of_ratings(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    attr: Attr = Attribute.IDENTITY,
    degrees: Degrees = None,
    align: AlignQuery = "auto",
) -> Response:
    """Regress ratings of faces on one attribute, and draw `face`, or the first of them, moved along the result.

    `r2` is cross-validated in ten folds.
    """
    given = GivenFaces(inference, body, align)
    faces = await given.many("faces", MAX_FACES)
    face = await given.perhaps("face")
    found = fit(np.stack(faces), numbers_of(body), attr, groups_of(body))
    fields: dict[str, Any] = {"face": faces[0] if face is None else face, "attribute": attr}
    fields |= {"weights": found.weights.tolist(), "intercept": found.intercept}
    if degrees is not None:
        fields["degrees"] = degrees
    return await Easel(request, config, inference).draw(Along, given.model, found.r2, **fields)


@drawing("noise", of_faces({"face": PICTURE}, {"face": EMBEDDING}, ["face"]))
async def noise_pairs(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    attr: Attr = Attribute.IDENTITY,
    pairs: Annotated[int, Query(ge=1, le=100_000, description="that the experiment has")] = 300,
    first: Annotated[int, Query(ge=1, le=100_000, description="number of the first pair that is drawn")] = 1,
    last: Annotated[
        int | None, Query(ge=1, le=100_000, description="number of the last; as many as one answer holds if left out")
    ] = None,
    degrees: Annotated[float, Query(gt=0, le=90, description="how far each face of a pair lies from the face")] = 30.0,
    seed: Seed = 0,
    align: AlignQuery = "auto",
) -> Response:
    """Draw pairs of a face with opposite noise in one attribute, to choose from: reverse correlation.

    All pairs of an experiment come in several answers, by `first` and `last`.
    """
    given = GivenFaces(inference, body, align)
    last = min(pairs, first + max(config.max_generate // 2, 1) - 1) if last is None else last
    fields: dict[str, Any] = {
        "face": await given.one("face"),
        "attribute": attr,
        "pairs": pairs,
        "first": first,
        "last": last,
    }
    return await Easel(request, config, inference).draw(NoisePairs, given.model, **fields, degrees=degrees, seed=seed)


@drawing(
    "classification",
    request_body(
        {"recipe": JSON_TEXT, "answers": JSON_TEXT},
        ["recipe", "answers"],
        json={"recipe": RECIPE, "answers": ANSWERS},
        json_needs=["recipe", "answers"],
    ),
)
async def classification_image(
    request: Request, body: BodyDep, config: ConfigDep, inference: InferenceDep, degrees: Degrees = None
) -> Response:
    """Draw the face that the choices among pairs of `noise` point to, and its opposite."""
    recipe = Recipe.parsed(body.json("recipe"))
    if not isinstance(recipe.stimuli, NoisePairs):
        raise InvalidRequest("The choices are among pairs of noise; send their recipe.")
    fields: dict[str, Any] = {"noise": recipe.stimuli, "answers": body.json("answers")}
    if degrees is not None:
        fields["degrees"] = degrees
    return await Easel(request, config, inference).draw(Classification, recipe.model, **fields)


@drawing("again", request_body({"recipe": JSON_TEXT}, ["recipe"], json={"recipe": RECIPE}, json_needs=["recipe"]))
async def stimuli_again(request: Request, body: BodyDep, config: ConfigDep, inference: InferenceDep) -> Response:
    """Draw the set of a recipe once more: the same pictures, if the same model runs."""
    recipe = Recipe.parsed(body.json("recipe"))
    return await Easel(request, config, inference).drawn(recipe.stimuli, recipe.model)


def numbers_of(body: Inputs) -> list[float]:
    """The ratings. Raises InvalidRequest."""
    ratings = body.json("ratings")
    if not isinstance(ratings, list) or not all(isinstance(rating, int | float) for rating in ratings):
        raise InvalidRequest("The field 'ratings' must be a list of numbers, one for each face.")
    return [float(rating) for rating in ratings]


def groups_of(body: Inputs) -> list[str] | None:
    """Whom each face shows, if that is said. Raises InvalidRequest."""
    groups = body.json("groups")
    if groups is None:
        return None
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise InvalidRequest("The field 'groups' must be a list of texts, one for each face.")
    return groups
