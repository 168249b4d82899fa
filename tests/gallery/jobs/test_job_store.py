"""Jobs are in the database with what they brought, all or nothing."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from gallery.gallery import Gallery
from gallery.jobs.job_records import Failure, Kind, State
from gallery.jobs.job_store import Ended
from gallery.records import Amendment, NewFace
from gallery.store.tables import failures, members
from model.errors import InvalidRequest, NoFace, NotFound

MakeFace = Callable[..., NewFace]


def test_a_job_goes_from_its_creation_to_its_end(gallery: Gallery) -> None:
    jobs = gallery.jobs
    job = jobs.create(Kind.IMPORT, "c", {"strip": 1})
    assert (job.state, job.progress, job.parameters, job.version) == (State.QUEUED, {}, {"strip": 1}, 1)
    begun = jobs.begin(job.id)
    assert begun == replace(job, state=State.RUNNING, starts=1, version=2, changed=begun.changed) if begun else None
    progress = jobs.record(job.id, {"done": 1}).progress
    assert progress == {"done": 1}
    jobs.finish(job.id)
    assert (jobs.get(job.id).state, jobs.get(job.id).starts) == (State.DONE, 0)
    assert jobs.begin(job.id) is None
    assert jobs.cancel(job.id).state is State.DONE


def test_a_cancelled_job_takes_nothing_more(gallery: Gallery, new: MakeFace) -> None:
    job = gallery.jobs.create(Kind.IMPORT, "c", {})
    assert gallery.jobs.cancel(job.id).state is State.CANCELLED
    with pytest.raises(Ended):
        gallery.jobs.record(job.id, {"done": 1, "enrolled": 0, "duplicates": 0}, [new(1)])
    gallery.jobs.finish(job.id, NoFace("no"))
    assert gallery.jobs.get(job.id).state is State.CANCELLED
    assert gallery.page().faces == []


def test_a_failed_job_says_why(gallery: Gallery) -> None:
    job = gallery.jobs.create(Kind.IMPORT, "c", {})
    gallery.jobs.finish(job.id, InvalidRequest("so it is", limit=3))
    assert gallery.jobs.get(job.id).error == {
        "code": "invalid_request",
        "message": "so it is",
        "details": {"limit": 3},
    }


def test_contents_are_enrolled_once_in_a_collection(gallery: Gallery, new: MakeFace) -> None:
    job = gallery.jobs.create(Kind.IMPORT, "c", {})
    a, b = bytes(32), bytes([1] * 32)
    faces = [new(n, content=content, collection=place) for n, (content, place) in enumerate([(a, "c"), (a, "c")])]
    counts: dict[str, int | None] = {"enrolled": 0, "duplicates": 0}
    counts = gallery.jobs.record(job.id, counts, faces).progress
    assert counts == {"enrolled": 1, "duplicates": 1}
    counts = gallery.jobs.record(job.id, counts, [new(2, content=a, collection="d"), new(3, content=b)]).progress
    assert counts == {"enrolled": 3, "duplicates": 1}
    assert gallery.jobs.known("c", [a, b]) == {a}
    # What was erased may come again.
    gallery.delete(gallery.page(collection="c").faces[0].id)
    assert gallery.jobs.known("c", [a, b]) == set()


def test_failures_come_page_by_page_and_go_with_their_subject(gallery: Gallery) -> None:
    job = gallery.jobs.create(Kind.IMPORT, "c", {})
    failed = [Failure.of(n, f"s{n % 2}/{n}", f"s{n % 2}", NoFace("none")) for n in range(10)]
    gallery.jobs.record(job.id, {}, failed=failed)
    assert gallery.jobs.failures(job.id, limit=4) == failed[:4]
    assert gallery.jobs.failures(job.id, after=3, limit=100) == failed[4:]
    assert gallery.delete_subject("s1", "elsewhere").deleted == 0
    assert len(gallery.jobs.failures(job.id)) == 10
    gallery.delete_subject("s1")
    assert gallery.jobs.failures(job.id) == failed[::2]


def test_groups_never_hold_an_erased_face(gallery: Gallery, new: MakeFace) -> None:
    a, b, c, d = (face.id for face in gallery.enrol_many([new(n, collection="c") for n in range(4)]))
    job = gallery.jobs.create(Kind.GROUPS, "c", {})
    numbers = {id: gallery.get(id).sequence for id in (a, b, c, d)}
    gallery.jobs.group(job.id, {"groups": 1}, {numbers[a]: 7, numbers[b]: 7, numbers[c]: 7, numbers[d]: None})
    found = gallery.jobs.groups(job.id)
    assert (found.groups, found.unassigned) == ([[a, b, c]], [d])
    gallery.delete(a)
    gallery.change(b, Amendment(subject="other"))
    gallery.change(c, Amendment(collection="elsewhere"))
    found = gallery.jobs.groups(job.id)
    assert (found.groups, found.unassigned) == ([[b]], [d])


def test_jobs_are_forgotten_some_time_after_their_end_with_all_that_is_of_them(
    gallery: Gallery, new: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = gallery.enrol(new(1, collection="c"))
    ended, failed, running, waiting = (gallery.jobs.create(Kind.GROUPS, "c", {}) for _ in range(4))
    gallery.jobs.group(ended.id, {"groups": 1}, {face.sequence: 0})
    gallery.jobs.record(failed.id, {}, failed=[Failure(0, "ada/1.jpg", "no_face", "none", "ada")])
    gallery.jobs.finish(ended.id)
    gallery.jobs.finish(failed.id, NoFace("no"))
    gallery.jobs.begin(running.id)
    assert gallery.jobs.forget(10.0) == 0
    assert len(gallery.jobs.page()) == 4
    now = time.time_ns()
    monkeypatch.setattr("gallery.jobs.job_store.time.time_ns", lambda: now + 11_000_000_000)
    assert gallery.jobs.forget(10.0) == 2
    assert [job.id for job in gallery.jobs.page()] == [waiting.id, running.id]
    with gallery.database.transaction() as connection:
        for table in (members, failures):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_jobs_are_listed_newest_first(gallery: Gallery) -> None:
    made = sorted((gallery.jobs.create(Kind.IMPORT, f"c{n % 2}", {}).id for n in range(6)), reverse=True)
    assert [job.id for job in gallery.jobs.page()] == made
    assert [job.id for job in gallery.jobs.page(limit=2, before=made[1])] == made[2:4]
    assert {job.collection for job in gallery.jobs.page(collections=["c1"])} == {"c1"}
    assert gallery.jobs.page(collections=[]) == []


@pytest.mark.parametrize("id", ["", "\0", "x" * 36, "0197f0d4-0000-7000-8000-000000000000"])
def test_an_unknown_job_is_not_found(gallery: Gallery, id: str) -> None:
    for ask in (gallery.jobs.get, gallery.jobs.cancel):
        with pytest.raises(NotFound, match="there is no job"):
            ask(id)
