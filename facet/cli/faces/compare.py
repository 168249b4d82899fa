"""`facet verify` and `facet search`: faces compared with faces."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facet.cli.common.files import Align, AlignOption, Url

OTHER_PERSON = 3
"""The exit code of `facet verify` where two pictures show two people."""


def verify(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A picture.")],
    other: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Another picture.")],
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Say whether two pictures show one person.

    Prints JSON; the exit code is 3 if they do not.

    Example: facet verify ada.jpg someone.jpg && echo welcome
    """
    from facet.cli.common.local_or_remote import faces_of

    with faces_of(url) as faces:
        verdict = faces.verify(picture, other, align=align.value)
    typer.echo(json.dumps(verdict))
    if not verdict["same_person"]:
        raise typer.Exit(OTHER_PERSON)


def search(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A picture.")],
    attr: Annotated[list[str] | None, typer.Option(help="identity, style:-0.3, …; identity without it.")] = None,
    source: Annotated[Path | None, typer.Option(exists=True, help="A second picture that lends attributes.")] = None,
    source_attr: Annotated[list[str] | None, typer.Option(help="What --source lends.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many results.")] = 10,
    collection: Annotated[str | None, typer.Option(help="Only this collection.")] = None,
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Find the enrolled faces most like a picture's.

    Prints JSON lines, best first.

    Example: facet search ada.jpg --attr identity --attr style:-0.3 -k 5
    """
    from facet.cli.common.service import connected

    weights = dict(_weight(entry) for entry in attr or ["identity"])
    with connected(url) as client:
        found = client.search(
            picture, weights, source=source, source_attr=source_attr or [], k=k, collection=collection, align=align
        )
    for face in found["results"]:
        typer.echo(json.dumps(face))


def _weight(entry: str) -> tuple[str, float]:
    name, _, weight = entry.partition(":")
    try:
        return name, float(weight or 1)
    except ValueError as error:
        raise typer.BadParameter(f"{weight!r} is no weight", param_hint="--attr") from error
