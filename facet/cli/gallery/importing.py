"""`facet import` and `facet export`: pictures into the gallery, and collections in and out as Parquet."""

import contextlib
import tarfile
import tempfile
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facet.cli.common.files import Align, AlignOption, Url
from facet.cli.gallery.gallery import DatabaseUrl, DataDir, settings_of
from facet.progress import follow, progress
from model.errors import FacetError, InvalidRequest

if TYPE_CHECKING:
    from facet.settings import Settings
    from facet_client.answers import Enrolled
    from gallery.records import NewFace

_PARQUET = ".parquet"


def import_(
    source: Annotated[Path, typer.Argument(help="A folder, a .zip, .tar or .tar.gz, or a .parquet.", exists=True)],
    collection: Annotated[str | None, typer.Option(help="Where to; default, or for Parquet as in the file.")] = None,
    strip: Annotated[int, typer.Option(min=0, help="Folders to leave out at the front of each path.")] = 0,
    min_quality: Annotated[
        float | None, typer.Option(min=0, max=1, help="The least quality of a face; worse ones are named as failed.")
    ] = None,
    align: AlignOption = Align.AUTO,
    url: Url = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Enrol the pictures of a folder or archive, each under the name of its folder; or an exported collection.

    Pictures and faces that are there already are left out, so that the same command goes on where it was stopped.

    Example: facet import photos/ --collection friends
    """
    from facet.settings import Settings

    if source.suffix == _PARQUET:
        if url is not None:
            # Its reader is large, and not among what is fuzzed here: a service does not let strangers reach it.
            raise typer.BadParameter("a .parquet is read where the database is; leave --url out")
        if min_quality is not None:
            raise typer.BadParameter("a .parquet holds no pictures to measure; leave --min-quality out")
        _import_parquet(source, collection, Settings.load(data_dir=data_dir, database_url=database_url))
        return
    wanted = {"strip": strip, "align": align.value, "min_quality": min_quality}
    if url is not None:
        _import_there(url, source, collection or "default", wanted)
    else:
        settings = Settings.load(data_dir=data_dir, database_url=database_url)
        _import_here(settings, source, collection or "default", wanted)


def export(
    to: Annotated[Path, typer.Option(help="The file to write.")],
    collection: Annotated[str, typer.Option(help="What to export.")] = "default",
    url: Url = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a collection as Parquet, which `facet import` and most tools for data read; the service may run.

    By --url it comes page by page, without the pictures that the service kept.

    Example: facet export --collection friends --to friends.parquet
    """
    parquet = _parquet()
    if url is not None:
        faces = _exported_there(url, collection)
    else:
        faces = _exported_here(settings_of(data_dir=data_dir, database_url=database_url), collection)
    try:
        with contextlib.closing(faces):
            count = parquet.write(to, faces)
    except OSError as error:
        raise InvalidRequest(f"{to} cannot be written: {error.strerror or error}") from error
    typer.echo(f"wrote {count} faces to {to}")


def _exported_here(settings: "Settings", collection: str) -> "Generator[list[NewFace]]":
    from gallery.store.store import Store

    store = Store(settings.gallery_url)
    try:
        yield from store.exported(collection)
    finally:
        store.close()


def _exported_there(url: str, collection: str) -> "Generator[list[NewFace]]":
    from facet.cli.common.service import connected

    seen, cursor = set[str](), None
    with connected(url) as client:
        while True:
            page = client.faces(collection, cursor=cursor)
            # A face that is changed meanwhile comes again at the end.
            faces = [face for face in page["faces"] if face["id"] not in seen]
            seen.update(face["id"] for face in faces)
            yield [_as_new(face) for face in faces]
            cursor = page["next_cursor"]
            if cursor is None:
                return


def _as_new(face: "Enrolled") -> "NewFace":
    import numpy as np

    from gallery.records import NewFace
    from model.attributes import Attribute, join

    numbers: Mapping[str, Any] = face["embedding"]
    return NewFace(
        subject=face["subject"],
        embedding=join({attribute: np.asarray(numbers[attribute], np.float32) for attribute in Attribute}),
        model=face["model"],
        collection=face["collection"],
        metadata=face["metadata"],
        quality=face["quality"],
        id=face["id"],
        created=datetime.fromisoformat(face["created"]),
    )


def _parquet() -> Any:
    try:
        from gallery import parquet
    except ImportError as error:
        raise InvalidRequest("Parquet needs pyarrow: pip install 'facet[parquet]'") from error
    return parquet


def _import_parquet(source: Path, collection: str | None, settings: "Settings") -> None:
    from facet.process.gallery import open_gallery
    from model.engine.backend import load_backend

    exported = _parquet().Export(source)
    exported.check_model(load_backend(settings.model, settings.device).id)
    gallery, enrolled = open_gallery(settings), 0
    try:
        with progress() as bar:
            task = bar.add_task("Importing", total=len(exported), note="")
            for faces in exported.faces(collection):
                enrolled += gallery.enrol_unknown(faces)
                bar.advance(task, len(faces))
    finally:
        gallery.close()
    typer.echo(f"enrolled {enrolled} faces; {len(exported) - enrolled} were there already")


def _import_here(settings: "Settings", source: Path, collection: str, wanted: Mapping[str, Any]) -> None:
    from facet.process.foreground_jobs import foreground
    from gallery.jobs.job_records import Kind

    with foreground(settings) as here, progress() as bar:
        task = bar.add_task("Importing", total=None, note="")
        parameters = {**wanted, "path": str(source.absolute())}
        job, failures = here.run(Kind.IMPORT, collection, parameters, partial(follow, bar, task))
    error = None if job.error is None else job.error["message"]
    _tell(job.progress, [(failure.path, failure.detail) for failure in failures], error)


def _import_there(url: str, source: Path, collection: str, wanted: Mapping[str, Any]) -> None:
    from facet.cli.common.service import connected

    with connected(url) as client, _archive(source) as archive, progress() as bar:
        task = bar.add_task("Importing", total=None, note="")
        job = client.import_archive(archive, collection, **wanted)
        for state in client.follow_job(job["id"]):
            follow(bar, task, state["progress"])
        failures: list[tuple[str, str]] = []
        after: int | None = -1
        while after is not None:
            report = client.job(job["id"], failures_after=after)
            failures += [(item["path"], item["detail"]) for item in report["failures"]]
            after = report["next_failures"]
    _tell(report["progress"], failures, None if report["error"] is None else report["error"]["detail"])


@contextlib.contextmanager
def _archive(source: Path) -> Iterator[Path]:
    """An archive as it is, a folder as one made of it."""
    if not source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pictures.tar")
        with tarfile.open(path, "w") as archive:
            archive.add(source, arcname=".")
        yield path


def _tell(progress: Mapping[str, int | None], failures: list[tuple[str, str]], error: str | None) -> None:
    """What came of an import. Raises FacetError if it failed as a whole."""
    for path, detail in failures:
        typer.echo(f"{path}: {detail}", err=True)
    counts = {name: progress.get(name) or 0 for name in ("enrolled", "duplicates", "failed")}
    typer.echo("enrolled {enrolled} faces; {duplicates} were there already, {failed} files failed".format(**counts))
    if error is not None:
        raise FacetError(error)
