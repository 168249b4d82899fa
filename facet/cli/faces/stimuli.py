"""`facet stimuli`: sets of drawn faces for experiments, each a folder with pictures, a table and a recipe."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facet.cli.common.files import Align, AlignOption

if TYPE_CHECKING:
    from facet.library import Facet
    from facet.stimuli import Stimuli, StimulusSet

app = typer.Typer(
    help="Draw sets of faces for experiments: averages, continua, caricatures, reverse correlation.",
    no_args_is_help=True,
)

ONE = "A picture, or seed:5 for a made-up face."
MANY = "Pictures, folders of them, or seed:5 for made-up faces."
ALL = ["pose", "identity", "expression", "style"]

To = Annotated[Path, typer.Option("--to", "-o", help="The folder to draw into.")]
Model = Annotated[str | None, typer.Option(help="A model file; by default the one of FACET_MODEL.")]
Sheet = Annotated[bool, typer.Option("--sheet", help="Also all faces on one picture, sheet.png.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed draws the same faces.")]
Attr = Annotated[str, typer.Option(help="identity, expression, style or pose.")]
Attrs = Annotated[list[str] | None, typer.Option("--attr", help="Only this attribute; repeatable. All by default.")]


@app.command()
def average(
    faces: Annotated[list[str], typer.Argument(help=MANY)],
    attr: Attrs = None,
    weight: Annotated[list[float] | None, typer.Option(help="Of each face, in order.")] = None,
    onto: Annotated[str | None, typer.Option(help="The face that the other attributes are of.")] = None,
    to: To = Path("average"),
    sheet: Sheet = False,
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """The average of some faces.

    Example: facet stimuli average photographs/ --attr identity --onto ada.jpg
    """
    with _studio(model, align) as (facet, stimuli):
        onto_face = None if onto is None else _one(facet, onto)
        made = stimuli.average(_many(facet, faces), attributes=attr or ALL, weights=weight, onto=onto_face)
        _save(made, to, sheet)


@app.command()
def continuum(
    start: Annotated[str, typer.Argument(help=ONE)],
    end: Annotated[str, typer.Argument(help=ONE)],
    steps: Annotated[int, typer.Option(min=2, help="Frames, with both ends.")] = 9,
    attr: Attrs = None,
    to: To = Path("continuum"),
    sheet: Sheet = False,
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """Faces from one to another, in steps that the encoder reads as equal.

    Example: facet stimuli continuum ada.jpg bob.jpg --steps 9 --attr expression
    """
    with _studio(model, align) as (facet, stimuli):
        _save(stimuli.continuum(_one(facet, start), _one(facet, end), steps, attributes=attr or ALL), to, sheet)


@app.command()
def caricature(
    face: Annotated[str, typer.Argument(help=ONE)],
    among: Annotated[list[str], typer.Argument(help=f"The set whose mean it is compared with. {MANY}")],
    attr: Attr = "identity",
    amount: Annotated[
        list[float] | None, typer.Option(help="0 is the mean, 1 the face; repeatable. 0, 0.5, 1, 1.5 and 2 by default.")
    ] = None,
    to: To = Path("caricature"),
    sheet: Sheet = False,
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """A face made more, or less, different from the mean of a set.

    Example: facet stimuli caricature ada.jpg photographs/ --amount 0.5 --amount 1.5
    """
    with _studio(model, align) as (facet, stimuli):
        amounts = amount or [0.0, 0.5, 1.0, 1.5, 2.0]
        made = stimuli.caricature(_one(facet, face), _many(facet, among), amounts, attribute=attr)
        _save(made, to, sheet)


@app.command()
def factorial(
    faces: Annotated[list[str] | None, typer.Argument(help=f"The people; made up if none. {MANY}")] = None,
    people: Annotated[int, typer.Option(min=1, help="How many people are made up.")] = 8,
    expression: Annotated[list[str] | None, typer.Option(help="Repeatable; neutral and happiness by default.")] = None,
    turn: Annotated[list[float] | None, typer.Option(help="Degrees; repeatable. -20, 0 and 20 by default.")] = None,
    share: Annotated[list[str] | None, typer.Option(help="An attribute that all have of the first.")] = None,
    seed: Seed = 0,
    to: To = Path("factorial"),
    sheet: Sheet = False,
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """Every person with every expression in every turn.

    Example: facet stimuli factorial --people 20 --expression neutral --expression anger --share style
    """
    with _studio(model, align) as (facet, stimuli):
        made = stimuli.factorial(
            _many(facet, faces) if faces else people,
            expression or ["neutral", "happiness"],
            turn or [-20.0, 0.0, 20.0],
            seed=seed,
            shared=share or [],
        )
        _save(made, to, sheet)


@app.command()
def direction(
    ratings: Annotated[Path, typer.Argument(exists=True, help="CSV: picture,rating and perhaps group.")],
    face: Annotated[str, typer.Argument(help=f"The face that is moved. {ONE}")],
    attr: Attr = "identity",
    degrees: Annotated[list[float] | None, typer.Option(help="Repeatable; -45 to 45 by default.")] = None,
    to: To = Path("direction"),
    sheet: Sheet = False,
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """Regress ratings on one attribute, and draw a face along what they depend on.

    Prints the cross-validated R²; faces of one group, such as a person, are never on both sides of it.

    Example: facet stimuli direction ratings.csv ada.jpg --attr identity
    """
    rows = _rows(ratings, ("picture", "rating"))
    with _studio(model, align) as (facet, stimuli):
        faces = [_named(ratings.parent, row["picture"]) for row in rows]
        groups = [row["group"] for row in rows] if "group" in rows[0] else None
        numbers = [_number(row["rating"], ratings) for row in rows]
        found = stimuli.direction(_many(facet, faces), numbers, attribute=attr, groups=groups)
        typer.echo(json.dumps({"r2": round(found.r2, 4), "faces": len(rows), "penalty": found.penalty}))
        moved = degrees or [-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0]
        _save(stimuli.along(_one(facet, face), found, moved), to, sheet)


@app.command()
def noise(
    face: Annotated[str, typer.Argument(help=ONE)],
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs.")] = 300,
    attr: Attr = "identity",
    degrees: Annotated[float, typer.Option(help="How far each face of a pair lies from the face.")] = 30.0,
    seed: Seed = 0,
    to: To = Path("noise"),
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """Pairs of a face with opposite noise in one attribute, to choose from.

    Example: facet stimuli noise seed:5 --pairs 300 --attr style
    """
    with _studio(model, align) as (facet, stimuli):
        made = stimuli.noise(_one(facet, face), pairs, attribute=attr, degrees=degrees, seed=seed)
        _save(made, to, sheet=False)


@app.command()
def classify(
    pairs: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="What `facet stimuli noise` drew.")],
    answers: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: pair,side (a or b).")],
    to: To = Path("classification"),
    sheet: Sheet = False,
    model: Model = None,
) -> None:
    """The face that people's choices among noisy pairs point to, and its opposite.

    Example: facet stimuli classify noise/ answers.csv
    """
    from facet.stimuli import Recipe

    chosen = {int(_number(row["pair"], answers)): row["side"] for row in _rows(answers, ("pair", "side"))}
    with _studio(model, Align.NONE) as (_, stimuli):
        _save(stimuli.classification(Recipe.read(pairs / "recipe.json"), chosen), to, sheet)


@app.command()
def controversial(
    other: Annotated[str, typer.Argument(help="The other model's file.")],
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs.")] = 10,
    candidates: Annotated[int, typer.Option(min=2, help="Made-up faces to choose from.")] = 500,
    attr: Attr = "identity",
    seed: Seed = 0,
    to: To = Path("controversial"),
    sheet: Sheet = False,
    model: Model = None,
) -> None:
    """Pairs of made-up faces whose similarity two models judge most differently.

    Example: facet stimuli controversial runs/mine/model.safetensors --pairs 20
    """
    import facet as front_door

    with _studio(model, Align.NONE) as (_, stimuli), front_door.load(other) as judge:
        _save(stimuli.controversial(judge, pairs, attribute=attr, candidates=candidates, seed=seed), to, sheet)


@app.command()
def again(
    recipe: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The recipe.json of a set.")],
    to: To = Path("again"),
    sheet: Sheet = False,
    model: Model = None,
) -> None:
    """Draw the set of a recipe once more.

    Example: facet stimuli again noise/recipe.json --to noise-again
    """
    with _studio(model, Align.NONE) as (_, stimuli):
        _save(stimuli.again(recipe), to, sheet)


@contextmanager
def _studio(model: str | None, align: Align) -> "Iterator[tuple[Facet, Stimuli]]":
    import facet as front_door
    from facet.stimuli import Stimuli

    with front_door.load(model) as loaded:
        yield loaded, Stimuli(loaded, align.value)


def _one(model: "Facet", face: str) -> Any:
    """A picture's path, or the embedding of a made-up face."""
    if face.startswith("seed:"):
        seed = face.removeprefix("seed:")
        if not seed.isdecimal():
            raise typer.BadParameter(f"{face!r} is no seed; say seed:5")
        return model.sample(1, int(seed))[0]
    if not Path(face).is_file():
        raise typer.BadParameter(f"there is no picture {face}")
    return Path(face)


def _many(model: "Facet", faces: Sequence[str]) -> list[Any]:
    from facet.cli.common.files import pictures_in

    found: list[Any] = []
    for face in faces:
        found += pictures_in([Path(face)]) if Path(face).is_dir() else [_one(model, face)]
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises BadParameter if it lacks a column, or is empty."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not set(columns) <= rows[0].keys():
        raise typer.BadParameter(f"{path} is to have the columns {', '.join(columns)} and at least one row")
    return rows


def _number(text: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} in {path} is no number") from error


def _named(folder: Path, picture: str) -> str:
    """A picture of a table: as it is named, or beside the table."""
    beside = folder / picture
    return str(beside) if not picture.startswith("seed:") and beside.exists() else picture


def _save(made: "StimulusSet", to: Path, sheet: bool) -> None:
    made.save(to)
    if sheet:
        (to / "sheet.png").write_bytes(made.sheet())
    typer.echo(f"{len(made)} {'face' if len(made) == 1 else 'faces'} in {to}")
