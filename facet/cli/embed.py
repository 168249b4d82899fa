"""`facet embed`: pictures turned into embeddings."""

from pathlib import Path
from typing import Annotated

import typer

from facet.cli.files import Align, AlignOption, Url, pictures_in
from facet.cli.rows import Format, writing


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
    from facet.cli.each import each_picture
    from facet.cli.service import connected

    if form is Format.NPZ and output is None:
        raise typer.BadParameter("npz is not for a terminal; name a file", param_hint="--output")
    paths = pictures_in(pictures)
    failed = False
    with connected(url) as client, writing(output, form) as write:
        embedded = each_picture(
            paths, "Embedding", lambda path: client.embed(path, align=align, max_faces=max_faces)["images"][0]["faces"]
        )
        for path, faces in embedded:
            failed |= faces is None
            for face in faces or []:
                write(path, face)
    if failed:
        raise typer.Exit(1)
