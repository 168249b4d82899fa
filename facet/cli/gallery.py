"""`facet gallery`: the enrolled faces looked after."""

from pathlib import Path
from typing import Annotated

import typer

from model.errors import FacetError

app = typer.Typer(help="Look after the enrolled faces.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where the gallery's files lie.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="The gallery's database.")]


@app.command()
def verify(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Prove that the store and the index agree and that no deleted face is anywhere; exit with 1 if not.

    Example: facet gallery verify --data-dir data
    """
    from facet.settings import Settings
    from gallery.verification import verify as run

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    verdict = run(settings.gallery_url, settings.snapshot)
    snapshot = "no snapshot" if verdict.snapshot is None else f"a snapshot of change {verdict.snapshot}"
    typer.echo(
        f"{verdict.faces} faces after change {verdict.sequence}, {verdict.deleted} numbers erased, and {snapshot}"
    )
    if verdict.problems:
        raise FacetError("the gallery does not agree: " + "; ".join(verdict.problems))


@app.command()
def snapshot(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Write the snapshot from which the next start is fast; the service may run meanwhile."""
    from facet.settings import Settings
    from gallery.gallery import Gallery

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    Gallery(settings.gallery_url, settings.snapshot).close()
    typer.echo(f"wrote {settings.snapshot}")
