"""A re-embedding stops and goes on, face by face."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event

from gallery.gallery import Gallery
from gallery.jobs.importing import Embedded
from gallery.jobs.job_records import Kind
from gallery.jobs.job_task import Stopped, Task
from gallery.jobs.reembedding import reembed_faces
from gallery.records import NewFace
from model.attributes import Vector
from model.errors import InvalidRequest


def test_it_goes_on_where_it_stopped_and_asks_for_no_picture_twice(
    gallery: Gallery, new: Callable[..., NewFace], embedding: Callable[[int], Vector], tmp_path: Path
) -> None:
    enrolled = gallery.enrol_many([new(n, model="old", crop=b"%d" % n) for n in range(80)])
    job, stop, seen = gallery.jobs.create(Kind.REEMBED, "default", {}), Event(), list[bytes]()

    def embed(pictures: Sequence[bytes]) -> list[Embedded]:
        seen.extend(pictures)
        stop.set()
        return [Embedded(embedding(1000 + int(picture)), "new", None) for picture in pictures]

    with pytest.raises(Stopped):
        reembed_faces(Task(job, tmp_path, gallery.jobs, stop), gallery, embed, "new")
    job = gallery.jobs.get(job.id)
    assert (job.progress["done"], job.progress["total"]) == (32, 80)
    assert gallery.census() == {"old": 48, "new": 32}
    gallery.delete(enrolled[70].id)
    while job.progress["done"] != 79:
        stop.clear()
        with pytest.raises(Stopped):
            reembed_faces(Task(job, tmp_path, gallery.jobs, stop), gallery, embed, "new")
        job = gallery.jobs.get(job.id)
    assert seen == [b"%d" % n for n in range(80) if n != 70]
    assert job.progress == {"total": 79, "done": 79, "changed": 79, "failed": 0, "last": 80}
    assert gallery.get(enrolled[7].id).embedding.tobytes() == embedding(1007).tobytes()
    assert gallery.census() == {"new": 79}


def test_a_batch_is_one_transaction_and_one_emptying_of_the_log(
    gallery: Gallery,
    new: Callable[..., NewFace],
    embedding: Callable[[int], Vector],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gallery.enrol_many([new(n, model="old", crop=b"%d" % n) for n in range(64)])
    job, scrubbed = gallery.jobs.create(Kind.REEMBED, "default", {}), list[int]()
    monkeypatch.setattr(gallery.database, "scrub", lambda: scrubbed.append(gallery.sequence()))

    def embed(pictures: Sequence[bytes]) -> list[Embedded]:
        return [Embedded(embedding(1000 + int(picture)), "new", None) for picture in pictures]

    written = list[str]()
    event.listen(gallery.database._engine, "commit", lambda _: written.append("commit"))
    reembed_faces(Task(job, tmp_path, gallery.jobs, Event()), gallery, embed, "new")
    assert scrubbed == [128, 192]
    # For each batch: which faces, their change, how far the job is; and the looks at the sequence.
    assert len(written) <= 12
    assert gallery.census() == {"new": 64}


def test_another_model_than_it_was_made_for_changes_nothing(
    gallery: Gallery, new: Callable[..., NewFace], embedding: Callable[[int], Vector], tmp_path: Path
) -> None:
    gallery.enrol(new(0, model="old", crop=b"0"))
    job = gallery.jobs.create(Kind.REEMBED, "default", {})
    task = Task(job, tmp_path, gallery.jobs, Event())
    with pytest.raises(InvalidRequest, match="the model is no longer 'new'"):
        reembed_faces(task, gallery, lambda _: [Embedded(embedding(1), "newer", None)], "new")
    assert gallery.census() == {"old": 1}
