"""A job as those see it who work on it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event

from gallery.jobs.job_records import Failure, Job
from gallery.jobs.job_store import Ended, JobStore
from gallery.records import NewFace


class Stopped(Exception):
    """The process that works on a job stops; the job goes on in the next one."""


class Task:
    """What the work on one job reads, and where it says how far it is."""

    def __init__(
        self, job: Job, folder: Path, jobs: JobStore, stop: Event, watch: Callable[[Job], None] = lambda _: None
    ) -> None:
        self.job = job
        """As it was when it was taken up."""
        self.folder = folder
        """What lies here is the job's own, and goes with its end."""
        self.jobs = jobs
        self._stop, self._watch = stop, watch

    def record(
        self, progress: Mapping[str, int | None], new: Sequence[NewFace] = (), failed: Sequence[Failure] = ()
    ) -> dict[str, int | None]:
        """Keep how far the job is with what it brought, all or nothing; gives the progress with what was enrolled.

        Raises Ended where the job was cancelled, Stopped where the process stops.
        """
        job = self.jobs.record(self.job.id, progress, new, failed)
        self._watch(job)
        self._check()
        return job.progress

    def tell(self, progress: Mapping[str, int | None]) -> None:
        """Say how far a job is that begins anew when it is taken up again. Raises as `record`."""
        self._watch(self.jobs.record(self.job.id, progress, lasting=False))
        self._check()

    def wait(self, seconds: float) -> None:
        """Wait before something is tried again. Raises as `record`."""
        self._stop.wait(seconds)
        self._check()
        if self.jobs.get(self.job.id).state.final:
            raise Ended

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped
