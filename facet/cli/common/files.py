"""Pictures named on the command line: files, and folders of them."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[
    str | None,
    typer.Option(envvar="FACET_URL", help="A running service; without it the work is done in this process."),
]


class Align(StrEnum):
    """How the face of a picture is found."""

    AUTO = "auto"
    NONE = "none"


AlignOption = Annotated[Align, typer.Option(help="auto finds the face; none takes the picture as the aligned crop.")]


def pictures_in(places: Iterable[Path]) -> list[Path]:
    """The files as given, and of each folder every picture below it, sorted. Raises BadParameter if there is none."""
    from facet.measuring.sources import PICTURES

    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(path for path in place.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
        elif place.is_file():
            found.append(place)
        else:
            raise typer.BadParameter(f"there is no {place}")
    if not found:
        raise typer.BadParameter("there are no pictures")
    return found
