"""Who works on the jobs: one thread, one job at a time, as long as the process lives."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event, Thread

from gallery.jobs.job_records import Job, Kind
from gallery.jobs.job_store import Ended, JobStore, new_id
from gallery.jobs.job_task import Stopped, Task
from model.errors import CrashedWorker, FacetError, NotFound, StorageFull, Unavailable

Work = Callable[[Task], None]

_SECONDS = 2.0
"""How often it is looked for jobs that another process left."""
_MOST_STARTS = 3
"""How often a process may end over the same place of a job before the job is given up."""
_NEW_SECONDS = 60.0
"""How long a folder may be there before its upload holds the lock."""
_FORGET_SECONDS = 3600.0
"""How often it is looked for jobs that ended long ago."""
_DAY_SECONDS = 86_400.0
_LOCK = "lock"

logger = logging.getLogger("facet.process.gallery")


class Runner:
    """Works on the jobs that have a folder here.

    Whoever works on a job holds a lock in its folder, which the system lets go when the process ends, however it
    ends: the next process then goes on with the job. Several runners, in any processes, may share the place.
    """

    def __init__(self, jobs: JobStore, place: Path, work: Mapping[Kind, Work], kept_days: int = 30) -> None:
        """Works by kind of job on those in a place, and forgets jobs so many days after their end."""
        self._jobs, self._place, self._work = jobs, place, work
        self._kept_seconds, self._forgot = kept_days * _DAY_SECONDS, -_FORGET_SECONDS
        self._stop, self._news = Event(), Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin with what there is to do."""
        self._thread = Thread(target=self._run, name="facet-jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at the next place from which the job can go on later."""
        self._stop.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def reserved(self) -> Iterator[tuple[str, Path]]:
        """The id of a job to come, and a folder for what it needs; inside, the job is created.

        Nobody takes the job up before the end; if that is a failure, the folder goes. Raises StorageFull.
        """
        id = new_id()
        folder = self._folder(id)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise StorageFull(f"there is no room for a job: {error.strerror or error}") from error
        with _held(folder, wait=True):
            try:
                yield id, folder
            except BaseException:
                shutil.rmtree(folder)
                raise
        self._news.set()

    def run(self, id: str, watch: Callable[[Job], None] = lambda _: None) -> bool:
        """Work on one job until it ends or this process stops, unless another does; whether it had a turn here.

        `watch` sees the job each time that it got on.
        """
        with _held(self._folder(id)) as free:
            job = self._jobs.begin(id) if free else None
            if job is not None:
                self._work_on(job, watch)
            elif free:
                self._forget(id)
            return job is not None

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            try:
                self._forget_old()
                for id in self._waiting():
                    self.run(id)
                    if self._stop.is_set():
                        return
            except (Unavailable, StorageFull, OSError) as error:
                logger.warning("no job can be taken up: %s", error)
            self._news.wait(_SECONDS)

    def _forget_old(self) -> None:
        if time.monotonic() - self._forgot >= _FORGET_SECONDS:
            self._jobs.forget(self._kept_seconds)
            self._forgot = time.monotonic()

    def _folder(self, id: str) -> Path:
        return self._place / id

    def _waiting(self) -> list[str]:
        """The jobs with a folder here, the oldest first."""
        return sorted(folder.name for folder in self._place.iterdir()) if self._place.is_dir() else []

    def _work_on(self, job: Job, watch: Callable[[Job], None]) -> None:
        try:
            if job.starts > _MOST_STARTS:
                raise CrashedWorker(
                    f"the process ended {_MOST_STARTS} times over this place; what comes next there cannot be read"
                )
            self._work[job.kind](Task(job, self._folder(job.id), self._jobs, self._stop, watch))
            self._jobs.finish(job.id)
        except Stopped:
            self._jobs.release(job.id)
            return
        except Ended:
            logger.info("the job %s was cancelled", job.id)
        except (Unavailable, StorageFull):
            # The job goes on when the database answers again and has room.
            raise
        except FacetError as error:
            self._jobs.finish(job.id, error)
        except Exception:  # one job's failure must not end all others
            logger.exception("the job %s failed", job.id)
            self._jobs.finish(job.id, FacetError("Something failed inside the service; its log says what."))
        self._forget(job.id)

    def _forget(self, id: str) -> None:
        """Remove the folder of a job that is ended."""
        try:
            if not self._jobs.get(id).state.final:
                return
        except NotFound:
            if time.time() - self._folder(id).stat().st_mtime < _NEW_SECONDS:
                return
            # An upload broke off together with its process.
            logger.info("the folder of %s belongs to no job, and goes", id)
        shutil.rmtree(self._folder(id))


@contextmanager
def _held(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a job's lock; gives whether it was to be had."""
    if not folder.is_dir():
        yield False
        return
    with (folder / _LOCK).open("w") as file:
        try:
            flock(file, LOCK_EX if wait else LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
