"""An import: the pictures of a folder or archive, by batches, into the enrolled faces of one collection."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gallery.jobs.import_source import Entry, Source, checked_path
from gallery.jobs.job_records import Failure
from gallery.jobs.job_task import Task
from gallery.limits import check_subject
from gallery.records import NewFace
from model.attributes import Vector
from model.errors import ArchiveBomb, Busy, FacetError, InvalidRequest, Unavailable

_BATCH = 32
_WAIT_SECONDS = 1.0
"""Until a busy or lost model is asked again, where it does not say."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """The face that was found in a picture."""

    embedding: Vector
    model: str
    quality: float | None
    crop: bytes | None = None
    """The encoded picture of the aligned face, where pictures are kept."""


Embed = Callable[[Sequence[bytes]], Sequence[Embedded | FacetError]]
"""The largest face of each picture, or why there is none."""


@dataclass
class _Batch:
    """What some entries hold."""

    names: list[tuple[int, str, str]] = field(default_factory=list)
    """Place, path and subject of each picture."""
    pictures: list[bytes] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    count: int = 0
    """Entries, whether they hold a picture or not."""


def import_pictures(task: Task, source: Source, embed: Embed, *, strip: int = 0) -> None:
    """Enrol the face of each picture under the first folder of its path, without the first `strip` folders.

    What fails is noted file by file; a picture that a face of the collection was made of before is left out. It goes
    on where the job was. Raises InvalidRequest for an archive that ends in damage, and ArchiveBomb.
    """
    progress = {"total": source.total, "done": 0, "enrolled": 0, "duplicates": 0, "failed": 0} | task.job.progress
    entries = enumerate(source.entries())
    for batch in _batches(islice(entries, progress["done"], None), strip):
        contents = [hashlib.sha256(picture).digest() for picture in batch.pictures]
        known = task.jobs.known(task.job.collection, contents)
        wanted = [place for place, content in enumerate(contents) if content not in known]
        found = embedded(task, embed, [batch.pictures[place] for place in wanted])
        new = []
        for place, result in zip(wanted, found, strict=True):
            number, path, subject = batch.names[place]
            if isinstance(result, FacetError):
                batch.failed.append(Failure.of(number, path, subject, result))
            else:
                new.append(_face(task.job.collection, subject, path, contents[place], result))
        progress["done"] = (progress["done"] or 0) + batch.count
        progress["failed"] = (progress["failed"] or 0) + len(batch.failed)
        progress["duplicates"] = (progress["duplicates"] or 0) + len(contents) - len(wanted)
        progress = task.record(progress, new, batch.failed)
    task.record({**progress, "total": progress["done"]})


def _batches(entries: Iterator[tuple[int, Entry]], strip: int) -> Iterator[_Batch]:
    """What the entries hold, some at a time, read as they come."""
    batch = _Batch()
    for place, entry in entries:
        batch.count += 1
        subject = None
        try:
            subject = _subject(entry.path, strip)
            batch.pictures.append(entry.read())
            batch.names.append((place, entry.path, subject))
        except ArchiveBomb:
            raise
        except FacetError as error:
            batch.failed.append(Failure.of(place, entry.path, subject, error))
        if batch.count == _BATCH:
            yield batch
            batch = _Batch()
    if batch.count:
        yield batch


def _subject(path: str, strip: int) -> str:
    """Whose picture a file is. Raises InvalidRequest for a path that names nobody."""
    parts = checked_path(path).parts[strip:]
    if len(parts) < 2:
        raise InvalidRequest("the file lies in no folder that would name its subject")
    check_subject(parts[0])
    return parts[0]


def embedded(task: Task, embed: Embed, pictures: Sequence[bytes]) -> Sequence[Embedded | FacetError]:
    """What `embed` gives, asked again for as long as it is busy or lost."""
    while pictures:
        try:
            return embed(pictures)
        except (Busy, Unavailable) as error:
            task.wait(float(error.details.get("retry_after", _WAIT_SECONDS)))
    return []


def _face(collection: str, subject: str, path: str, content: bytes, found: Embedded) -> NewFace:
    return NewFace(
        subject, found.embedding, found.model, collection, {"source": path}, found.quality, found.crop, content
    )
