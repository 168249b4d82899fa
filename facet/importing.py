"""An import in this process: the pictures of a folder or archive through the model of the settings."""

from collections.abc import Callable, Mapping
from time import sleep
from typing import Any

from anyio.from_thread import start_blocking_portal

from facet.asgi import open_inference
from facet.gallery import open_gallery
from facet.settings import Settings
from gallery.jobs.records import Failure, Job, Kind
from gallery.limits import MAX_PAGE
from service.jobs import Jobs

_SECONDS = 0.1
"""Between two looks at the job."""


def import_here(
    settings: Settings, collection: str, parameters: Mapping[str, Any], watch: Callable[[Job], None]
) -> tuple[Job, list[Failure]]:
    """Run an import to its end; gives the job as it is then, and what failed in it.

    It is a job as any other: should this process be killed, the next one on the same data goes on with it. An
    interrupt cancels it.
    """
    gallery = open_gallery(settings)
    jobs = Jobs(settings.service, open_inference(settings), gallery)
    try:
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(jobs.running()):
            with jobs.runner.reserved() as (id, _):
                gallery.jobs.create(Kind.IMPORT, collection, parameters, id=id)
            try:
                while not (job := gallery.jobs.get(id)).state.final:
                    watch(job)
                    sleep(_SECONDS)
            except KeyboardInterrupt:
                gallery.jobs.cancel(id)
                raise
        return job, _failures(gallery.jobs.failures, id)
    finally:
        gallery.close()


def _failures(page: Callable[..., list[Failure]], id: str) -> list[Failure]:
    found: list[Failure] = []
    while some := page(id, after=found[-1].place if found else -1, limit=MAX_PAGE):
        found += some
    return found
