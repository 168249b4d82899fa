"""What a runner does for each kind of job."""

from collections.abc import Callable, Mapping, Sequence
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

Embedder = Callable[[Sequence[bytes], Any, bool, str | None], Sequence[Embedded | FacetError]]
"""`Embed` for a way of aligning, which it alone knows, whether the aligned pictures are kept, and by which model: any
where it has no id."""


def work_on(gallery: BaseGallery, embed: Embedder, limits: Limits, keep_crops: bool) -> Mapping[Kind, Work]:
    """The work of each kind of job on a gallery."""

    def import_(task: Task) -> None:
        wanted = task.job.parameters
        source = _source(task, limits)
        import_pictures(
            task, source, lambda pictures: embed(pictures, wanted["align"], keep_crops, None), strip=wanted["strip"]
        )

    def group(task: Task) -> None:
        group_faces(task, gallery)

    def reembed(task: Task) -> None:
        # A kept picture is aligned already, and stays.
        model = task.job.parameters["model"]
        reembed_faces(task, gallery, lambda pictures: embed(pictures, "none", False, model), model)

    return {Kind.IMPORT: import_, Kind.GROUPS: group, Kind.REEMBED: reembed}


def _source(task: Task, limits: Limits) -> Source:
    """The folder or archive of this machine that an import names, or the archive that was sent along."""
    named = task.job.parameters.get("path")
    path = task.folder / ARCHIVE if named is None else Path(named)
    return Folder(path, limits) if path.is_dir() else open_archive(path, limits)
