"""`facet backup` and `facet restore`: the enrolled faces kept elsewhere, and brought back."""

from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option(help="Where the gallery's files lie.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="The gallery's database.")]


def backup(
    to: Annotated[Path, typer.Argument(help="The new file.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Copy the gallery's faces, jobs and API keys to a file, as they are at one moment; the service may run.

    It holds biometric data: keep it as the gallery itself. Faces that are sealed stay so, and need their keys.

    Example: facet backup faces-2026-01-31.backup
    """
    from facet.settings import Settings
    from gallery.backup import back_up

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    faces = back_up(settings.gallery_url, to)
    typer.echo(f"{faces} faces in {to}")


def restore(
    source: Annotated[Path, typer.Argument(help="What `facet backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Even though there are faces, which are lost.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring back what a backup holds, in the place of what is there. No service may run on it meanwhile.

    Faces that were erased after the backup was made are there again: erase them once more.

    Example: facet restore faces-2026-01-31.backup
    """
    from facet.settings import Settings
    from gallery.backup import restore as run
    from model.errors import InvalidRequest

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    if not replace and _holds_faces(settings.gallery_url):
        raise InvalidRequest("there are faces, which would be lost; say --replace to replace them")
    faces = run(source, settings.gallery_url)
    if settings.snapshot.is_dir():
        # Of the gallery that was there before; nothing in it would be taken for this one's.
        rmtree(settings.snapshot)
    typer.echo(f"{faces} faces restored")


def _holds_faces(url: str) -> bool:
    from sqlalchemy import make_url

    from gallery.store.store import Store

    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return False
    store = Store(url)
    try:
        return bool(store.page(limit=1).faces)
    finally:
        store.close()
