"""`facet gallery`: the enrolled faces looked after."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.progress import progress
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
    snapshot = "no snapshot" if verdict.snapshot is None else f"a snapshot of change {verdict.snapshot}"
    typer.echo(
        f"{verdict.faces} faces after change {verdict.sequence}, {verdict.deleted} numbers erased, and {snapshot}"
    )
    if verdict.problems:
        raise FacetError("the gallery does not agree: " + "; ".join(verdict.problems))


@app.command()
def snapshot(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Write the snapshot from which the next start is fast; the service may run meanwhile.

    Example: facet gallery snapshot
    """
    from gallery.gallery import Gallery

    settings = settings_of(data_dir=data_dir, database_url=database_url)
    Gallery(settings.gallery_url, settings.snapshot).close()
    typer.echo(f"wrote {settings.snapshot}")


@app.command()
def reembed(
    model: Annotated[str | None, typer.Option(help="A checkpoint's path, or `dummy`; else as the service.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the faces of other models to the present one, where their pictures were kept; the service may run.

    Example: facet gallery reembed --model new.safetensors
    """
    from facet.reembedding import reembed as run
    from gallery.gallery import Gallery
    from model.backend import load_backend

    settings = settings_of(model=model, data_dir=data_dir, database_url=database_url)
    backend, gallery = load_backend(settings.model, settings.device), Gallery(settings.gallery_url, settings.snapshot)
    try:
        others = sum(gallery.census().values()) - gallery.census().get(backend.id, 0)
        with progress() as bar:
            task = bar.add_task("Embedding", total=others, note="")
            count = run(gallery, backend, lambda looked_at: bar.advance(task, looked_at))
    finally:
        gallery.close()
    typer.echo(f"{count} faces are of {backend.id} now; {others - count} of other models have no picture")
