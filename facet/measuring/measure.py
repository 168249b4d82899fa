"""A folder measured into a table; stopped, the same call goes on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facet.measuring.embedder import Embedder
from facet.measuring.journal import Journal
from facet.measuring.sources import count_of, files_in, shots_in
from facet.measuring.tables import Format, format_of, write
from facet.progress import progress
from worker.interface import Align


@dataclass(frozen=True)
class Measurement:
    """What came of it."""

    path: Path
    faces: int
    failed: int
    """Pictures and frames without a face, or that could not be read."""


def measure(
    embedder: Embedder,
    places: Iterable[str | Path],
    to: str | Path,
    *,
    form: Format | None = None,
    align: Align = "auto",
    max_faces: int = 1,
    every: int = 1,
    likeness: bool = False,
    show: bool | None = None,
    failure: Callable[[str, str], Any] | None = None,
) -> Measurement:
    """Embed the faces of pictures, folders and videos, of these every so many frames, into a file.

    Its ending names the form. What is done is kept in a file beside it (`….part`) until all is: the same call after a
    stop goes on there. `failure` is called with the name of each picture that fails, and why. Raises what
    `files_in` raises, and InvalidRequest.
    """
    files, to = files_in(places), Path(to)
    form = form or format_of(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    settings = {"model": embedder.model, "align": str(align), "max_faces": max_faces, "every": every} | (
        {"likeness": True} if likeness else {}
    )
    with Journal(to.with_name(f"{to.name}.part"), settings) as journal, progress(show) as bar:
        task = bar.add_task("Embedding", total=count_of(files, every), completed=len(journal.done), note="")
        for measured in embedder.embed(shots_in(files, every, frozenset(journal.done)), align, max_faces, likeness):
            journal.add(measured)
            if measured.error is not None and failure is not None:
                failure(measured.shot.name, measured.error)
            bar.advance(task)
        write(journal.rows(), to, form, embedder.model)
        journal.remove()
    return Measurement(to, journal.faces, journal.failed)
