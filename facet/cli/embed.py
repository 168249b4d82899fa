"""`facet embed`: pictures turned into embeddings."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from facet.cli.files import Align, AlignOption, Url, pictures_in
from facet.cli.progress import progress

if TYPE_CHECKING:
    from facet.client import Client


class Format(StrEnum):
    """How embeddings are written."""

    JSONL = "jsonl"
    CSV = "csv"
    NPZ = "npz"


def embed(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output without it.")] = None,
    form: Annotated[Format, typer.Option("--format", help="jsonl, csv, or npz (which needs --output).")] = Format.JSONL,
    max_faces: Annotated[int, typer.Option(min=1, help="Faces of each picture, largest first.")] = 1,
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Embed the faces of pictures.

    Exit code 1 if some failed, which standard error names.

    Example: facet embed photographs/ --format npz -o faces.npz
    """
    from facet.cli.service import connected

    if form is Format.NPZ and output is None:
        raise typer.BadParameter("npz is not for a terminal; name a file", param_hint="--output")
    paths = pictures_in(pictures)
    rows: list[dict[str, Any]] = []
    with connected(url) as client, progress() as bar:
        task = bar.add_task("Embedding", total=len(paths), note="")
        for path in paths:
            rows += _faces_of(client, path, align, max_faces)
            bar.advance(task)
    if output is None:
        _write(rows, form, typer.get_text_stream("stdout"))
    elif form is Format.NPZ:
        _write_npz(rows, output)
    else:
        with output.open("w", encoding="utf-8", newline="") as file:
            _write(rows, form, file)
    if len({row["picture"] for row in rows}) < len(paths):
        raise typer.Exit(1)


def _faces_of(client: "Client", path: Path, align: Align, max_faces: int) -> list[dict[str, Any]]:
    """A row for each face of a picture; none, and a line on standard error, where it fails."""
    from model.errors import Busy, FacetError, Unavailable

    try:
        answer = client.embed(path, align=align, max_faces=max_faces)
    except (Busy, Unavailable):
        raise
    except FacetError as error:
        typer.echo(f"{path}: {error.message}", err=True)
        return []
    return [{"picture": str(path), **face} for face in answer["images"][0]["faces"]]


def _write(rows: list[dict[str, Any]], form: Format, file: TextIO) -> None:
    import csv
    import json

    if form is Format.JSONL:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
        return
    table = csv.writer(file, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            names = [f"{name}_{place}" for name, numbers in row["embedding"].items() for place in range(len(numbers))]
            table.writerow(["picture", "score", *names])
        numbers = [value for numbers in row["embedding"].values() for value in numbers]
        table.writerow([row["picture"], row["score"], *numbers])


def _write_npz(rows: list[dict[str, Any]], path: Path) -> None:
    """Arrays `picture` `(n,)`, `score` `(n,)`, `box` `(n, 4)` and `embedding` `(n, 99)`."""
    import numpy as np

    from model.attributes import EMBEDDING_SIZE

    embeddings = [[value for numbers in row["embedding"].values() for value in numbers] for row in rows]
    with path.open("wb") as file:
        np.savez(
            file,
            picture=np.array([row["picture"] for row in rows], dtype=np.str_),
            score=np.array([row["score"] for row in rows], np.float32),
            box=np.array([row["box"] for row in rows], np.float32).reshape(-1, 4),
            embedding=np.array(embeddings, np.float32).reshape(-1, EMBEDDING_SIZE),
        )
