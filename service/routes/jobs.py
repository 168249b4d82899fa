"""Background jobs: importing archives, the state and events of jobs, cancelling."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, Field

from gallery.jobs import job_records
from gallery.jobs.archive import open_archive
from gallery.jobs.import_source import Limits
from gallery.jobs.job_kinds import ARCHIVE
from gallery.jobs.job_records import Kind, State
from service.body.uploads import ARCHIVE_TYPES, FIELD, save_archive
from service.jobs import VisibleJobs
from service.openapi.descriptions import PICTURE_PROBLEMS, TEXT, problem_responses
from service.routes.faces import DEFAULT_COLLECTION
from service.routing.dependencies import ConfigDep, JobsDep
from service.routing.parameters import AlignQuery, Collection, JobCursor, JobId, MinQuality, within

router = APIRouter(tags=["gallery"])

_EVENTS = "text/event-stream"
_POLL_SECONDS = 0.5
"""Between two reads of a job whose events somebody follows."""
_PING_SECONDS = 15.0
"""After which something is sent though there is no event, so that nobody on the way takes the connection for dead."""
_ARCHIVE = {"type": "string", "format": "binary", "description": "a .zip, .tar or .tar.gz"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {FIELD: _ARCHIVE},
                    "required": [FIELD],
                    "additionalProperties": False,
                },
            },
            **{media_type: {"schema": _ARCHIVE} for media_type in ARCHIVE_TYPES},
        },
    }
}


_EVENT = {
    "type": "object",
    "properties": {"event": TEXT, "data": TEXT, "id": TEXT},
    "required": ["event", "data", "id"],
}


class JobError(BaseModel):
    """Why a job failed."""

    code: str = Field(examples=["invalid_request"])
    detail: str


class Job(BaseModel):
    """A job as it stands."""

    id: str = Field(examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])
    kind: Kind
    state: State
    collection: str = Field(examples=[DEFAULT_COLLECTION])
    progress: dict[str, int | None] = Field(
        description="counts: how many are `done` of `total`, which is null while nobody knows it; of an import "
        "`enrolled`, `duplicates` and `failed`, of a grouping `groups` and `unassigned`, of a "
        "re-embedding `changed`, `failed` and the number of the `last` face",
        examples=[{"total": 100, "done": 64, "enrolled": 60, "duplicates": 3, "failed": 1}],
    )
    error: JobError | None
    created: datetime
    changed: datetime

    @classmethod
    def of(cls, job: job_records.Job) -> Self:
        """The JSON shape of a record."""
        return cls(**_fields(job))


def _fields(job: job_records.Job) -> dict[str, Any]:
    error = None if job.error is None else JobError(code=job.error["code"], detail=job.error["message"])
    names = ("id", "kind", "state", "collection", "progress", "created", "changed")
    return {**{name: getattr(job, name) for name in names}, "error": error}


class FailedFile(BaseModel):
    """A file of an import that was not enrolled."""

    place: int = Field(description="where it lies in the archive, from 0")
    path: str = Field(examples=["ada/blurred.jpg"])
    code: str = Field(examples=["no_face"])
    detail: str


class JobReport(Job):
    """A job with what came of it."""

    failures: list[FailedFile] = Field(
        description="of an import, what failed, file by file, in the archive's order; of a "
        "re-embedding the faces, by id"
    )
    next_failures: int | None = Field(description="the `failures_after` of the next page; null on the last")
    groups: list[list[str]] | None = Field(description="of a grouping, the ids of each group's faces, largest first")
    unassigned: list[str] | None = Field(description="of a grouping, the ids of the faces that are in no group")


class JobPage(BaseModel):
    """Some jobs, the newest first."""

    jobs: list[Job]
    next_cursor: str | None = Field(description="the `cursor` of the next page; null on the last")


@router.post("/jobs/import", status_code=202, responses=PICTURE_PROBLEMS, openapi_extra=_BODY)
async def import_archive(
    request: Request,
    response: Response,
    config: ConfigDep,
    jobs: JobsDep,
    collection: Annotated[str, Query(description="where the faces are enrolled")] = DEFAULT_COLLECTION,
    strip: Annotated[int, Query(ge=0, le=100, description="folders to leave out at the front of each path")] = 0,
    align: AlignQuery = "auto",
    min_quality: MinQuality = None,
) -> Job:
    """Enrol the largest face of each picture of an archive, under the name of the folder that it lies in.

    `ada/1.jpg` is a picture of `ada`; the path is kept as the metadata's `source`. A picture that the collection has
    is left out, so that an archive may be sent again. One whose face is below `min_quality` is among the failures as
    `low_quality`. The job goes on after a restart of the service.
    """
    parameters = {"strip": strip, "align": align, "min_quality": min_quality}
    async with jobs.reserved(collection) as (id, folder):
        await save_archive(request, folder / ARCHIVE, config)
        await run_in_threadpool(_look_into, folder / ARCHIVE, jobs.all.limits)
        job = await run_in_threadpool(jobs.create, Kind.IMPORT, collection, parameters, id)
    response.headers["Location"] = f"/jobs/{job.id}"
    return Job.of(job)


def _look_into(archive: Path, limits: Limits) -> None:
    """Raises InvalidRequest for what is no archive, and ArchiveBomb where its directory is too long."""
    open_archive(archive, limits)


@router.get("/jobs", responses=problem_responses(422, 503))
async def list_jobs(
    config: ConfigDep,
    jobs: JobsDep,
    collection: Collection = None,
    cursor: JobCursor = None,
    limit: Annotated[int, Query(ge=1, description="jobs on one page")] = 100,
) -> JobPage:
    """Every job, page by page, the newest first."""
    limit = within("limit", limit, config.max_page)
    found = await run_in_threadpool(jobs.page, collection=collection, before=cursor, limit=limit)
    return JobPage(jobs=[Job.of(job) for job in found], next_cursor=found[-1].id if len(found) == limit else None)


async def _job(jobs: JobsDep, job_id: JobId) -> job_records.Job:
    """The job of a path. Raises NotFound."""
    return await run_in_threadpool(jobs.get, str(job_id))


NamedJob = Annotated[job_records.Job, Depends(_job)]


@router.get("/jobs/{job_id:uuid}", responses=problem_responses(404, 422, 503))
async def get_job(
    job: NamedJob,
    config: ConfigDep,
    jobs: JobsDep,
    failures_after: Annotated[int, Query(ge=-1, le=2**53, description="the `next_failures` of the page before")] = -1,
    limit: Annotated[int, Query(ge=1, description="failures on one page")] = 100,
) -> JobReport:
    """How a job stands, what failed in it, and the groups that it found."""
    limit = within("limit", limit, config.max_page)
    failed = await run_in_threadpool(jobs.all.store.failures, job.id, after=failures_after, limit=limit)
    found = await run_in_threadpool(jobs.all.store.groups, job.id) if job.kind is Kind.GROUPS else None
    return JobReport(
        **_fields(job),
        failures=[FailedFile(place=item.place, path=item.path, code=item.code, detail=item.detail) for item in failed],
        next_failures=failed[-1].place if len(failed) == limit else None,
        groups=None if found is None else found.groups,
        unassigned=None if found is None else found.unassigned,
    )


@router.get(
    "/jobs/{job_id:uuid}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {_EVENTS: {"schema": _EVENT}}}, **problem_responses(404, 422, 503)},
)
async def follow_job(job: NamedJob, jobs: JobsDep) -> StreamingResponse:
    """A job as it gets on, as server-sent events.

    Each is called `progress` while the job goes on, and the last one by the state in which it ended: `done`, `failed`
    or `cancelled`. The data is the job as JSON, without what failed and without groups.
    """
    # Proxies that hold back what they pass on would hold back the news.
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(job, jobs), headers=headers, media_type=_EVENTS)


async def _events(job: job_records.Job, jobs: VisibleJobs) -> AsyncIterator[bytes]:
    seen, quiet = 0, 0.0
    while True:
        quiet += _POLL_SECONDS
        if job.version != seen:
            seen, quiet = job.version, 0.0
            name = job.state.value if job.state.final else "progress"
            yield format_sse_event(data_str=Job.of(job).model_dump_json(), event=name, id=str(seen))
        elif quiet >= _PING_SECONDS:
            quiet = 0.0
            yield KEEPALIVE_COMMENT
        if job.state.final:
            return
        await asyncio.sleep(_POLL_SECONDS)
        job = await run_in_threadpool(jobs.all.store.get, job.id)


@router.delete("/jobs/{job_id:uuid}", responses=problem_responses(404, 422, 503))
async def cancel_job(job: NamedJob, jobs: JobsDep) -> Job:
    """End a job before it is done; what it enrolled stays. One that has ended stays as it is."""
    return Job.of(await run_in_threadpool(jobs.cancel, job.id))
