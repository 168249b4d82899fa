"""What a runner does for each kind of job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gallery.base_gallery import BaseGallery
from gallery.jobs.archive import open_archive
from gallery.jobs.grouping import group_faces
from gallery.jobs.import_source import Folder, Limits, Source
from gallery.jobs.importing import Embedded, import_pictures
from gallery.jobs.job_records import Kind
from gallery.jobs.job_task import Task
from gallery.jobs.reembedding import reembed_faces
from gallery.jobs.runner import Work
from model.errors import FacetError

ARCHIVE = "archive"
"""The name under which an archive lies in its job's folder."""


@dataclass(frozen=True)
class Wanted:
    """How the pictures of a job are embedded."""

    align: Any
    """A way of aligning, which the embedder alone knows."""
    keep_crops: bool = False
    """Whether the aligned pictures are kept."""
    model: str | None = None
    """The id of the model; any where it is None."""
    measured: bool = False
    """Whether the qualities of the faces are asked for."""
    min_quality: float | None = None
    """The least quality of a face; one below it is a LowQuality."""


Embedder = Callable[[Sequence[bytes], Wanted], Sequence[Embedded | FacetError]]
"""`Embed` for what is wanted."""


def work_on(gallery: BaseGallery, embed: Embedder, limits: Limits, keep_crops: bool) -> Mapping[Kind, Work]:
    """The work of each kind of job on a gallery."""

    def import_(task: Task) -> None:
        given = task.job.parameters
        # A job that an earlier version began has no least quality.
        wanted = Wanted(given["align"], keep_crops, measured=True, min_quality=given.get("min_quality"))
        import_pictures(task, _source(task, limits), lambda pictures: embed(pictures, wanted), strip=given["strip"])

    def group(task: Task) -> None:
        group_faces(task, gallery)

    def reembed(task: Task) -> None:
        # A kept picture is aligned already, and stays.
        model = task.job.parameters["model"]
        reembed_faces(task, gallery, lambda pictures: embed(pictures, Wanted("none", model=model)), model)

    return {Kind.IMPORT: import_, Kind.GROUPS: group, Kind.REEMBED: reembed}


def _source(task: Task, limits: Limits) -> Source:
    """The folder or archive of this machine that an import names, or the archive that was sent along."""
    named = task.job.parameters.get("path")
    path = task.folder / ARCHIVE if named is None else Path(named)
    return Folder(path, limits) if path.is_dir() else open_archive(path, limits)
