"""The calls that draw sets of faces for experiments, as the requests that they send."""

from collections.abc import Mapping, Sequence

from facet_client import answers
from facet_client.calls import Json, given
from facet_client.wire import Call, Embedding, Picture, faces_of

Faces = Sequence[Picture] | Sequence[Embedding]


def average(
    faces: Faces,
    *,
    onto: Picture | Embedding | None = None,
    attr: Sequence[str] = (),
    weight: Sequence[float] = (),
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """The average of some faces, in some attributes or in all; in the others it is `onto`, or the first face."""
    params = given(attr=list(attr), weight=list(weight), align=align)
    return Call("POST", "stimuli/average", params, **faces_of(faces=faces, onto=onto))


def continuum(
    start: Picture | Embedding,
    end: Picture | Embedding,
    steps: int = 9,
    *,
    attr: Sequence[str] = (),
    even: str = "drawn",
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """Faces from one to another in equal steps of similarity."""
    params = given(steps=steps, attr=list(attr), even=even, align=align)
    return Call("POST", "stimuli/continuum", params, **faces_of(start=start, end=end))


def caricature(
    face: Picture | Embedding,
    among: Faces,
    amount: Sequence[float] = (),
    *,
    attr: str = "identity",
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """A face away from the mean of others: 0 is the mean, 1 the face, above 1 a caricature."""
    params = given(amount=list(amount), attr=attr, align=align)
    return Call("POST", "stimuli/caricature", params, **faces_of(face=face, among=among))


def factorial(
    people: int | Faces = 8,
    *,
    expression: Sequence[str] = (),
    turn: Sequence[float] = (),
    share: Sequence[str] = (),
    seed: int = 0,
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """Every person, made up or given, with every expression in every turn (degrees of yaw)."""
    params = given(expression=list(expression), turn=list(turn), share=list(share), seed=seed, align=align)
    if isinstance(people, int):
        return Call("POST", "stimuli/factorial", params | {"people": people})
    return Call("POST", "stimuli/factorial", params, **faces_of(faces=people))


def direction(
    faces: Faces,
    ratings: Sequence[float],
    *,
    face: Picture | Embedding | None = None,
    groups: Sequence[str] = (),
    attr: str = "identity",
    degrees: Sequence[float] = (),
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """A face moved along what ratings of faces depend on within one attribute, with the cross-validated `r2`."""
    body = faces_of(faces=faces, face=face)
    body["fields"] |= given(ratings=list(ratings), groups=list(groups))
    return Call("POST", "stimuli/direction", given(attr=attr, degrees=list(degrees), align=align), **body)


def noise(
    face: Picture | Embedding,
    pairs: int = 300,
    *,
    first: int = 1,
    last: int | None = None,
    attr: str = "identity",
    degrees: float = 30.0,
    seed: int = 0,
    align: str = "auto",
) -> Call[answers.DrawnStimuli]:
    """Those from `first` to `last` of an experiment's pairs of a face with opposite noise in one attribute."""
    params = given(pairs=pairs, first=first, last=last, attr=attr, degrees=degrees, seed=seed, align=align)
    return Call("POST", "stimuli/noise", params, **faces_of(face=face))


def classification(
    recipe: Json, choices: Mapping[int, str], degrees: Sequence[float] = ()
) -> Call[answers.DrawnStimuli]:
    """The face that the choices among pairs of `noise` point to (pair: `a` or `b`), and its opposite."""
    fields = {"recipe": recipe, "answers": {str(pair): side for pair, side in choices.items()}}
    return Call("POST", "stimuli/classification", given(degrees=list(degrees)), fields=fields)


def stimuli_again(recipe: Json) -> Call[answers.DrawnStimuli]:
    """The set of a recipe once more."""
    return Call("POST", "stimuli/again", fields={"recipe": recipe})
