"""`facet gallery`: the enrolled faces looked after."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.progress import follow, progress
from model.errors import FacetError, InvalidRequest, NotFound, Unavailable

if TYPE_CHECKING:
    from facet.settings import Settings
    from gallery.milvus.gallery import MilvusGallery

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


def milvus_of(settings: "Settings") -> "MilvusGallery":
    """The gallery of some settings that Milvus searches."""
    from facet.process.gallery import milvus_gallery

    return milvus_gallery(settings)


@app.command()
def verify(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Prove that the store and the index agree and that no deleted face is anywhere; exit with 1 if not.

    Example: facet gallery verify --data-dir data
    """
    from facet.process.gallery import milvus_config
    from gallery.verification import verify as run

    settings = settings_of(data_dir=data_dir, database_url=database_url)
    if settings.search == "milvus":
        from gallery.milvus.verification import verify_milvus

        verdict = verify_milvus(settings.gallery_url, milvus_config(settings))
        where = "each compared with Milvus's"
    else:
        verdict = run(settings.gallery_url, settings.snapshot)
        where = f"{verdict.snapshot} of them in the snapshot"
    typer.echo(f"{verdict.faces} faces after change {verdict.sequence}, {where}, and {verdict.deleted} numbers erased")
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
    table meanwhile, and keeps its write-ahead log until its files are used again. Milvus, if it searches, is told to
    write its segments anew, too, which it does in its own time.

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
    if settings.search == "milvus":
        with closing(milvus_of(settings)) as gallery:
            gallery.follow()
            gallery.compact()
        typer.echo("Milvus was told to write its segments without it")


@app.command()
def rebuild(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Make the Milvus collection anew from the database, while the present one is searched.

    It is made anew by itself where it lacks changes that are no longer noted. This also takes what was erased out of
    Milvus, and measures the recall of approximate indexes anew.

    Example: facet gallery rebuild --data-dir data
    """
    settings = settings_of(data_dir=data_dir, database_url=database_url)
    if settings.search != "milvus":
        raise InvalidRequest("only what Milvus searches is made anew; set FACET_SEARCH=milvus")
    with closing(milvus_of(settings)) as gallery:
        if not gallery.rebuild():
            raise Unavailable("another process makes the collection anew; let it finish")
        recalls = "; ".join(f"recall@10 of {name} {share:.3f}" for name, share in gallery.recall().items())
        typer.echo(f"Milvus has {gallery.faces()} faces; {recalls or 'every search is exact'}")


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
