"""`facet keys`: who may use the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.security.api_key import Key
    from service.security.key_store import KeyStore

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where the service's files lie.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="The service's database.")]


@contextmanager
def _store(data_dir: Path | None, database_url: str | None) -> Iterator["KeyStore"]:
    from facet.settings import Settings
    from gallery.store.database import Database
    from service.security.key_store import KeyStore

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    database = Database(settings.gallery_url)
    try:
        yield KeyStore(database)
    finally:
        database.close()


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom the key is for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do: embed, search, enrol, erase or admin; repeatable.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="The only collections that there are for it; repeatable, all if unset.")
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Requests a minute; the service's limit if unset.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept. A running service takes it within a second.

    From the first key on, the service wants one for every request.

    Example: facet keys create "photo archive" --scope search --scope enrol --collection photos
    """
    from service.security.scopes import Scope

    unknown = [name for name in scope if name not in set(Scope)]
    if unknown:
        raise typer.BadParameter(f"there is no scope {unknown[0]!r}; choose from {', '.join(Scope)}")
    with _store(data_dir, database_url) as store:
        _, token = store.create(name, map(Scope, scope), collection or None, rate)
    typer.echo(token)


@app.command("list")
def list_keys(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List every key, also those that are revoked.

    Example: facet keys list
    """
    with _store(data_dir, database_url) as store:
        for key in store.all():
            typer.echo(_line(key))


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `list` shows it.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let a key be good for nothing any more; a running service refuses it within a second.

    Example: facet keys revoke 5f0f3d0c6e5b
    """
    with _store(data_dir, database_url) as store:
        store.revoke(key)
    typer.echo(f"revoked {key}")


@app.command()
def seal(
    file: Annotated[Path, typer.Argument(help="The file of the vector keys, which is made where it is not there.")],
) -> None:
    """Put a new key for embeddings and pictures before those of a file; FACET_VECTOR_KEYS names the file.

    The first key seals, all open: after `reseal` the older ones can go. Who loses the file loses the faces.

    Example: facet keys seal vector.keys && FACET_VECTOR_KEYS=vector.keys facet keys reseal
    """
    from gallery.store.encryption import add_key

    add_key(file)
    typer.echo(f"a new key is the first in {file}")


@app.command()
def reseal(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Seal every enrolled face with the first key of FACET_VECTOR_KEYS.

    Services that run must have been started with the new keys before.

    Example: FACET_VECTOR_KEYS=vector.keys facet keys reseal
    """
    from facet.settings import Settings
    from gallery.store.key_rotation import reseal as run
    from model.errors import InvalidRequest

    settings = Settings.load(data_dir=data_dir, database_url=database_url)
    if settings.vector_keys is None:
        raise InvalidRequest("FACET_VECTOR_KEYS must name the file of the keys")
    typer.echo(f"{run(settings.gallery_url)} faces are sealed with the first key of {settings.vector_keys}")


def _line(key: "Key") -> str:
    made = datetime.fromtimestamp(key.created / 1000, UTC).date()
    where = "every collection" if key.collections is None else ", ".join(sorted(key.collections))
    rate = "" if key.rate is None else f"  {key.rate}/min"
    state = "" if key.revoked is None else "  REVOKED"
    return f"{key.id}  {made}  {key.name}  {', '.join(sorted(key.scopes))}  in {where}{rate}{state}"
