"""`facet gallery`: the enrolled faces looked after."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.progress import follow, progress
from model.errors import FacetError, NotFound

if TYPE_CHECKING:
    from facet.settings import Settings

app = typer.Typer(help="Look after the enrolled faces.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where the gallery's files lie.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="The gallery's database.")]


def settings_of(**given: object) -> "Settings":
    """The settings of a gallery that is there. Raises NotFound, so that a mistyped folder is no empty gallery."""
    from facet.settings import Settings

    settings = Settings.load(**given)
    if settings.database_url is None and not settings.data_dir.joinpath("facet.db").exists():
        raise NotFound(f"there is no gallery in {settings.data_dir.absolute()}")
    return settings


@app.command()
def verify(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Prove that the store and the index agree and that no deleted face is anywhere; exit with 1 if not.

    Example: facet gallery verify --data-dir data
    """
    from gallery.verification import verify as run

    settings = settings_of(data_dir=data_dir, database_url=database_url)
    verdict = run(settings.gallery_url, settings.snapshot)
    typer.echo(
        f"{verdict.faces} faces after change {verdict.sequence}, {verdict.snapshot} of them in the snapshot, "
        f"and {verdict.deleted} numbers erased"
    )
    if verdict.problems:
        raise FacetError("the gallery does not agree: " + "; ".join(verdict.problems))


@app.command()
def snapshot(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the snapshot up to date, from which the next start is fast; the service may run meanwhile.

    It holds whole blocks of 4096 changes; the rest, and a smaller gallery, is read from the database in no time.

    Example: facet gallery snapshot
    """
    from gallery.gallery import Gallery

    settings = settings_of(data_dir=data_dir, database_url=database_url)
    Gallery(settings.gallery_url, settings.snapshot).close()
    typer.echo(f"{settings.snapshot} is up to date")


@app.command()
def scrub(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Write the database's tables anew without the bytes of what was erased, which PostgreSQL else keeps for a while.

    With SQLite nothing is left to do but to empty the log, as every erasure does. PostgreSQL lets nobody else use a
    table meanwhile, and keeps its write-ahead log until its files are used again.

    Example: facet gallery scrub --database-url postgresql+psycopg://facet@db/facet
    """
    from gallery.store.database import Database

    settings = settings_of(data_dir=data_dir, database_url=database_url)
    database = Database(settings.gallery_url)
    try:
        database.rewrite()
    finally:
        database.close()
    typer.echo("nothing of what was erased is in the tables' files")


@app.command()
def reembed(
    model: Annotated[str | None, typer.Option(help="A checkpoint's path, or `dummy`; else as the service.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the faces of other models to the present one, where their pictures were kept; the service may run.

    Example: facet gallery reembed --model new.safetensors
    """
    from facet.process.foreground_jobs import foreground
    from gallery.jobs.job_records import Kind

    settings = settings_of(model=model, data_dir=data_dir, database_url=database_url)
    changed = 0
    with foreground(settings) as here, progress() as bar:
        for name in [collection.name for collection in here.gallery.collections()]:
            shown = bar.add_task(f"Embedding {name}", total=None, note="")
            job, failures = here.run(Kind.REEMBED, name, {"model": here.model}, partial(follow, bar, shown))
            for failure in failures:
                typer.echo(f"{failure.path}: {failure.detail}", err=True)
            if job.error is not None:
                raise FacetError(job.error["message"])
            changed += job.progress["changed"] or 0
        rest = sum(here.gallery.census().values()) - here.gallery.census().get(here.model, 0)
        typer.echo(f"{changed} faces are of {here.model} now; {rest} are still of other models")
