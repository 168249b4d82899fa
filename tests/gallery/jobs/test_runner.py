"""A runner finishes what it or another process began, however that ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event

import pytest

from gallery.gallery import Gallery
from gallery.jobs.import_source import Limits
from gallery.jobs.importing import Embedded
from gallery.jobs.job_kinds import ARCHIVE, Embedder, Wanted, work_on
from gallery.jobs.job_records import Job, Kind, State
from gallery.jobs.job_store import JobStore
from gallery.jobs.job_task import Task
from gallery.jobs.runner import Runner
from model.errors import Busy, FacetError
from tests.gallery.jobs.pictures import BAD, embed, people, tarred, zipped
from tests.processes import ROOT, wait_until

PARAMETERS = {"strip": 0, "align": "auto"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


def _runner(gallery: Gallery, place: Path, embedder: Embedder = embed) -> Runner:
    return Runner(gallery.jobs, place, work_on(gallery, embedder, Limits(), False))


def _submit(runner: Runner, gallery: Gallery, archive: bytes, parameters: Mapping[str, object] = PARAMETERS) -> Job:
    with runner.reserved() as (id, folder):
        (folder / ARCHIVE).write_bytes(archive)
        return gallery.jobs.create(Kind.IMPORT, "c", parameters, id=id)


def _final(gallery: Gallery, id: str) -> Job:
    wait_until(lambda: gallery.jobs.get(id).state.final)
    return gallery.jobs.get(id)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_import_enrols_each_picture_once_and_says_what_failed(
    gallery: Gallery, place: Path, pack: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    files = {**people(20), "s0/bad.jpg": BAD, "top.jpg": b"?", "s9/again.jpg": b"picture 0", "s9/../x.jpg": b"?"}
    runner = _runner(gallery, place)
    job = _submit(runner, gallery, pack(files))
    runner.start()
    done = _final(gallery, job.id)
    assert (done.state, done.error) == (State.DONE, None)
    assert done.progress == {"total": 44, "done": 44, "enrolled": 40, "duplicates": 1, "failed": 3}
    failures = gallery.jobs.failures(job.id)
    assert [(item.place, item.path, item.subject, item.code) for item in failures] == [
        (40, "s0/bad.jpg", "s0", "no_face"),
        (41, "top.jpg", None, "invalid_request"),
        (43, "s9/../x.jpg", None, "invalid_request"),
    ]
    faces = gallery.page().faces
    assert {face.metadata["source"]: face.subject for face in faces} == {
        path: path.split("/")[0] for path in people(20)
    }
    for face in faces:
        [expected] = embed([files[face.metadata["source"]]])
        assert isinstance(expected, Embedded)
        assert face.embedding.tobytes() == expected.embedding.tobytes()
        assert (face.collection, face.model, face.quality) == ("c", "m1", 0.5)
    again = _submit(runner, gallery, pack(files))
    assert _final(gallery, again.id).progress == {
        **{"total": 44, "done": 44, "enrolled": 0},
        **{"duplicates": 41, "failed": 3},
    }
    runner.close()
    assert list(place.iterdir()) == []


def test_folders_at_the_front_are_left_out(gallery: Gallery, place: Path) -> None:
    runner = _runner(gallery, place)
    job = _submit(runner, gallery, zipped({"lfw/ada/1.jpg": b"1", "lfw/2.jpg": b"2"}), {**PARAMETERS, "strip": 1})
    assert runner.run(job.id)
    assert [face.subject for face in gallery.page().faces] == ["ada"]
    assert [item.path for item in gallery.jobs.failures(job.id)] == ["lfw/2.jpg"]


def test_a_busy_model_is_asked_again(gallery: Gallery, place: Path) -> None:
    asked = list[int]()

    def busy(pictures: Sequence[bytes], wanted: Wanted) -> Sequence[Embedded | FacetError]:
        asked.append(len(pictures))
        if len(asked) < 3:
            raise Busy("later", retry_after=0.01)
        return embed(pictures, wanted)

    runner = _runner(gallery, place, busy)
    job = _submit(runner, gallery, zipped(people(2)))
    runner.run(job.id)
    assert (asked, gallery.jobs.get(job.id).progress["enrolled"]) == ([4, 4, 4], 4)


def test_a_job_stops_with_its_process_and_goes_on_in_the_next(gallery: Gallery, place: Path) -> None:
    begun, go_on = Event(), Event()

    def slow(pictures: Sequence[bytes], wanted: Wanted) -> Sequence[Embedded | FacetError]:
        begun.set()
        go_on.wait(30)
        return embed(pictures, wanted)

    first = _runner(gallery, place, slow)
    job = _submit(first, gallery, tarred(people(50)))
    first.start()
    assert begun.wait(30)
    # Another runner on the same place leaves it alone.
    second = _runner(gallery, place)
    assert not second.run(job.id)
    go_on.set()
    first.close()
    stopped = gallery.jobs.get(job.id)
    assert (stopped.state, stopped.progress["done"], stopped.starts) == (State.QUEUED, 32, 0)
    assert second.run(job.id)
    assert gallery.jobs.get(job.id).progress == {
        **{"total": 100, "done": 100, "enrolled": 100},
        **{"duplicates": 0, "failed": 0},
    }


def test_a_cancelled_job_stops_and_keeps_what_it_enrolled(gallery: Gallery, place: Path) -> None:
    runner = _runner(gallery, place)
    job = _submit(runner, gallery, zipped(people(50)))

    def watch(job: Job) -> None:
        if job.progress["done"] == 64:
            gallery.jobs.cancel(job.id)

    runner.run(job.id, watch)
    cancelled = gallery.jobs.get(job.id)
    assert (cancelled.state, cancelled.progress["enrolled"]) == (State.CANCELLED, 64)
    assert len(gallery.page(limit=1000).faces) == 64
    assert list(place.iterdir()) == []


def test_what_fails_inside_ends_that_job_alone(gallery: Gallery, place: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Task) -> None:
        raise ZeroDivisionError

    runner = Runner(gallery.jobs, place, {Kind.IMPORT: broken})
    ids = [_submit(runner, gallery, b"").id for _ in range(2)]
    runner.start()
    assert [_final(gallery, id).state for id in ids] == [State.FAILED] * 2
    runner.close()
    assert (gallery.jobs.get(ids[0]).error or {})["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text


def test_a_job_over_which_the_process_ends_again_and_again_is_given_up(gallery: Gallery, place: Path) -> None:
    runner = _runner(gallery, place)
    job = _submit(runner, gallery, zipped(people(1)))
    for _ in range(3):
        gallery.jobs.begin(job.id)
    runner.run(job.id)
    failed = gallery.jobs.get(job.id)
    assert (failed.state, (failed.error or {})["code"]) == (State.FAILED, "crashed_worker")
    assert gallery.page().faces == []


def test_an_upload_that_breaks_off_leaves_nothing(gallery: Gallery, place: Path) -> None:
    runner = _runner(gallery, place)

    def upload() -> None:
        with runner.reserved() as (_, folder):
            (folder / ARCHIVE).write_bytes(b"half")
            raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        upload()
    assert list(place.iterdir()) == []


_CHILD = """
import sys, time
from pathlib import Path
from gallery.gallery import Gallery
from gallery.jobs.runner import Runner
from gallery.jobs.import_source import Limits
from gallery.jobs.job_kinds import work_on
from tests.gallery.jobs.pictures import embed
def slow(pictures, wanted):
    time.sleep(0.02)
    return embed(pictures, wanted)
gallery = Gallery(sys.argv[1])
runner = Runner(gallery.jobs, Path(sys.argv[2]), work_on(gallery, slow, Limits(), False))
runner.start()
time.sleep(60)
"""


def test_a_killed_import_goes_on_and_counts_each_picture_once(sqlite_url: str, tmp_path: Path) -> None:
    gallery = Gallery(sqlite_url)
    runner = _runner(gallery, tmp_path / "jobs")
    job = _submit(runner, gallery, tarred({**people(500), "s0/bad.jpg": BAD}, "w:gz"))
    before = 0
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", _CHILD, sqlite_url, str(tmp_path / "jobs")], cwd=ROOT) as child:
            wait_until(lambda before=before: (gallery.jobs.get(job.id).progress.get("done") or 0) > before)  # type: ignore[misc]
            time.sleep(0.05)
            child.send_signal(signal.SIGKILL)
        before = gallery.jobs.get(job.id).progress["done"] or 0
        assert gallery.jobs.get(job.id).state is State.RUNNING
    assert runner.run(job.id)
    assert gallery.jobs.get(job.id).progress == {
        **{"total": 1001, "done": 1001, "enrolled": 1000},
        **{"duplicates": 0, "failed": 1},
    }
    assert gallery.collections()[0].faces == 1000
    gallery.close()


def test_a_runner_forgets_what_ended_long_ago(gallery: Gallery, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, waiting = (gallery.jobs.create(Kind.GROUPS, "c", {}) for _ in range(2))
    gallery.jobs.finish(old.id)
    forget, asked = JobStore.forget, Event()
    monkeypatch.setattr(JobStore, "forget", lambda jobs, seconds: (forget(jobs, seconds), asked.set())[0])
    for days, left in ((30, [waiting.id, old.id]), (1, [waiting.id])):
        asked.clear()
        runner = Runner(gallery.jobs, place, {}, days)
        runner.start()
        assert asked.wait(30)
        runner.close()
        assert [job.id for job in gallery.jobs.page()] == left
        monkeypatch.setattr("gallery.jobs.runner._DAY_SECONDS", 0.001)
        time.sleep(0.01)
