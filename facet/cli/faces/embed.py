"""`facet embed`: pictures and videos turned into embeddings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.common.files import Align, AlignOption, Url

if TYPE_CHECKING:
    from facet.measuring import Embedder


def embed(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, videos, or folders of them.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output without it.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="jsonl, csv, parquet or npz; by default what --output ends in, else jsonl."),
    ] = None,
    max_faces: Annotated[int, typer.Option(min=1, help="Faces of each picture, largest first.")] = 1,
    every: Annotated[int, typer.Option(min=1, help="Of a video the first and then every so many frames.")] = 1,
    likeness: Annotated[
        bool, typer.Option("--likeness", help="Draw each face back, too, for that part of its quality.")
    ] = False,
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Embed the faces of pictures and videos: embedding, degrees, expression, quality and file.

    A file is written when all is done; after a stop, run again to go on. Exit code 1 if some failed, which standard
    error names.

    Example: facet embed photographs/ -o faces.parquet
    """
    from facet.cli.common.mistakes import told
    from facet.measuring import Format, measure
    from facet.measuring.sources import files_in
    from facet.measuring.tables import format_of

    with told():
        wanted = format_of(output) if form is None else Format(form)
    if output is None and wanted in (Format.NPZ, Format.PARQUET):
        raise typer.BadParameter(f"{wanted} is not for a terminal; name a file", param_hint="--output")
    with told():
        files = files_in(pictures)
    with _embedder(url) as embedder:
        if output is None:
            failed = _print(embedder, files, wanted, align, max_faces, every, likeness)
        else:
            done = measure(
                embedder,
                files,
                output,
                form=wanted,
                align=align.value,
                max_faces=max_faces,
                every=every,
                likeness=likeness,
                failure=_tell,
            )
            failed = done.failed
    if failed:
        raise typer.Exit(1)


@contextmanager
def _embedder(url: str | None) -> "Iterator[Embedder]":
    from facet.measuring import local, remote

    if url is None:
        import facet

        with facet.load() as model:
            yield local(model)
        return
    from facet.cli.common.service import connected

    with connected(url) as client:
        yield remote(client)


def _print(
    embedder: "Embedder", files: list[Path], form: str, align: Align, max_faces: int, every: int, likeness: bool
) -> int:
    """Write rows to standard output as they come; gives how many pictures failed."""
    from facet.measuring.journal import rows_of
    from facet.measuring.sources import count_of, shots_in
    from facet.measuring.tables import Format, write_text
    from facet.progress import counted

    failures: list[str] = []

    def rows() -> Iterator[dict[str, object]]:
        shots = embedder.embed(shots_in(files, every), align.value, max_faces, likeness)
        for measured in counted(shots, "Embedding", count_of(files, every)):
            if measured.error is not None:
                failures.append(measured.shot.name)
                _tell(measured.shot.name, measured.error)
            yield from rows_of(measured)

    write_text(rows(), typer.get_text_stream("stdout"), Format(form))
    return len(failures)


def _tell(name: str, why: str) -> None:
    typer.echo(f"{name}: {why}", err=True)
