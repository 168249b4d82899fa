"""Jobs that a command works on in its own process, with the model and the gallery of its settings."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from time import sleep
from typing import Any

from anyio.from_thread import start_blocking_portal

from facet.asgi import open_inference
from facet.process.gallery import open_gallery
from facet.settings import Settings
from gallery.base_gallery import BaseGallery
from gallery.jobs.job_records import Failure, Job, Kind
from gallery.limits import MAX_PAGE
from service.jobs import Jobs

_SECONDS = 0.1
"""Between two looks at a job."""

Watch = Callable[[Mapping[str, int | None]], None]
"""Told how far a job has come."""


class Foreground:
    """Makes jobs and waits for each."""

    def __init__(self, jobs: Jobs, gallery: BaseGallery, model: str) -> None:
        self.gallery = gallery
        self.model = model
        """The id of the model that embeds here."""
        self._jobs = jobs

    def run(
        self, kind: Kind, collection: str, parameters: Mapping[str, Any], watch: Watch
    ) -> tuple[Job, list[Failure]]:
        """Run a job to its end; gives it as it is then, and what failed in it.

        It is a job as any other: should this process be killed, the next one on the same data goes on with it. An
        interrupt cancels it.
        """
        store = self.gallery.jobs
        with self._jobs.runner.reserved() as (id, _):
            store.create(kind, collection, parameters, id=id)
        try:
            while not (job := store.get(id)).state.final:
                watch(job.progress)
                sleep(_SECONDS)
        except KeyboardInterrupt:
            store.cancel(id)
            raise
        failures: list[Failure] = []
        while some := store.failures(id, after=failures[-1].place if failures else -1, limit=MAX_PAGE):
            failures += some
        return job, failures


@contextmanager
def foreground(settings: Settings) -> Iterator[Foreground]:
    """Opens what the settings name, and closes it after the last job."""
    gallery = open_gallery(settings)
    inference = open_inference(settings)
    jobs = Jobs(replace(settings.service, runs_jobs=True), inference, gallery)
    try:
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(jobs.running()):
            yield Foreground(jobs, gallery, portal.call(inference.info).id)
    finally:
        gallery.close()
