"""The job runner of a service, whose thread calls the service's inference on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.concurrency import run_in_threadpool

from gallery.base_gallery import BaseGallery
from gallery.jobs.import_source import Limits
from gallery.jobs.importing import Embedded
from gallery.jobs.job_kinds import Wanted, work_on
from gallery.jobs.job_records import Job, Kind
from gallery.jobs.job_store import no_job
from gallery.jobs.runner import Runner
from gallery.limits import check_collection
from model.errors import Busy, FacetError, LowQuality
from service.config import ServiceConfig
from service.security.audit import Action, AuditLog
from service.security.caller import Caller
from worker.interface import Face, Inference

_ACTIONS = {Kind.IMPORT: Action.ENROL, Kind.GROUPS: Action.READ, Kind.REEMBED: Action.CHANGE}


class Jobs:
    """Runs the jobs whose files lie in this service's data directory, one at a time."""

    def __init__(self, config: ServiceConfig, inference: Inference, gallery: BaseGallery) -> None:
        self.limits = Limits(
            config.max_archive_entries, config.max_unpacked_bytes, config.max_archive_ratio, config.max_image_bytes
        )
        self.store, self.most_waiting = gallery.jobs, config.max_jobs
        self._inference, self._runs = inference, config.runs_jobs
        self._loop: asyncio.AbstractEventLoop | None = None
        work = work_on(gallery, self._embed, self.limits, config.keep_crops)
        self.runner = Runner(gallery.jobs, config.jobs_dir, work, config.max_job_days)

    async def start(self) -> None:
        """Start the runner, where jobs run in this process; it first resumes what an earlier process left."""
        self._loop = asyncio.get_running_loop()
        if self._runs:
            self.runner.start()

    async def close(self) -> None:
        """Stop the runner at the next point from which its job can be resumed."""
        # Its thread waits for what runs on this event loop.
        await run_in_threadpool(self.runner.close)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the inference and the runner, and stop both at the end: for a process without HTTP."""
        await self._inference.start()
        try:
            await self.start()
            try:
                yield
            finally:
                await self.close()
        finally:
            await self._inference.close()

    def _embed(self, pictures: Sequence[bytes], wanted: Wanted) -> Sequence[Embedded | FacetError]:
        assert self._loop is not None, "only a started runner asks"
        return asyncio.run_coroutine_threadsafe(self._found(pictures, wanted), self._loop).result()

    async def _found(self, pictures: Sequence[bytes], wanted: Wanted) -> list[Embedded | FacetError]:
        found = await self._inference.embed(pictures, align=wanted.align, model=wanted.model, likeness=wanted.measured)
        results: list[Embedded | FacetError] = []
        for picture, faces in zip(pictures, found, strict=True):
            try:
                results.append(
                    faces if isinstance(faces, FacetError) else await self._embedded(picture, faces[0], wanted)
                )
            except LowQuality as error:
                results.append(error)
        return results

    async def _embedded(self, picture: bytes, face: Face, wanted: Wanted) -> Embedded:
        """What an import keeps of a face. Raises LowQuality, and Unavailable where its quality cannot be told now."""
        face.check_quality(wanted.min_quality)
        quality = None if face.quality is None else face.quality.score
        crop = (await self._inference.reconstruct(picture, align=wanted.align)).input if wanted.keep_crops else None
        return Embedded(face.embedding, face.model, quality, crop)


@dataclass(frozen=True)
class VisibleJobs:
    """The jobs as one caller may see and change them: those of the collections that the caller sees.

    Raises Forbidden for a new job in another collection; other jobs there are not found.
    """

    all: Jobs
    caller: Caller
    audit: AuditLog
    request: str
    """The id of the request, for the log."""

    @asynccontextmanager
    async def reserved(self, collection: str) -> AsyncIterator[tuple[str, Path]]:
        """The id and the folder of a job to come in a collection, which is created inside.

        Raises Busy where so many wait for that collection already that this one's turn would be long in coming.
        """
        self.caller.require(collection)
        check_collection(collection)
        waiting = await run_in_threadpool(self.all.store.waiting, collection)
        if waiting >= self.all.most_waiting:
            raise Busy(f"{waiting} jobs of this collection wait already; try again when one is done.", retry_after=60)
        with self.all.runner.reserved() as place:
            yield place

    def create(self, kind: Kind, collection: str, parameters: Mapping[str, Any], id: str) -> Job:
        """A new job that waits for its turn."""
        job = self.all.store.create(kind, collection, parameters, id=id)
        self.audit.write(_ACTIONS[kind], self.caller.id, 0, self.request, collection=collection, job=id)
        return job

    def get(self, id: str) -> Job:
        """One job. Raises NotFound."""
        job = self.all.store.get(id)
        if not self.caller.sees(job.collection):
            raise no_job(id)
        return job

    def cancel(self, id: str) -> Job:
        """End a job before it is done. Raises NotFound."""
        before = self.get(id)
        job = self.all.store.cancel(id)
        enrolled = job.progress.get("enrolled") or 0
        if not before.state.final:
            self.audit.write(Action.CANCEL, self.caller.id, enrolled, self.request, collection=job.collection, job=id)
        return job

    def page(self, *, collection: str | None, before: str | None, limit: int) -> list[Job]:
        """At most `limit` jobs, the newest first, from the one after `before` on."""
        seen = None if self.caller.collections is None else sorted(self.caller.collections)
        if collection is not None:
            check_collection(collection)
            seen = [collection] if self.caller.sees(collection) else []
        return self.all.store.page(collections=seen, before=before, limit=limit)
