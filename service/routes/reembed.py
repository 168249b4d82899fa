"""The faces of a collection brought to the present model, after a change of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool

from gallery.jobs.job_records import Kind
from service.openapi.descriptions import problem_responses
from service.routes.faces import DEFAULT_COLLECTION
from service.routes.jobs import Job
from service.routing.dependencies import InferenceDep, JobsDep

router = APIRouter(tags=["gallery"])


@router.post("/collections/{name}/reembed", status_code=202, responses=problem_responses(422, 503))
async def reembed_collection(
    response: Response,
    inference: InferenceDep,
    jobs: JobsDep,
    name: Annotated[str, Path(description="whose faces to embed anew", examples=[DEFAULT_COLLECTION])],
) -> Job:
    """Embed the faces that other models made anew, from the pictures that were kept of them (FACET_KEEP_CROPS).

    Until a face has its turn, it is found among those of its own model, by `GET /search` with one of them. Of a face
    without a picture nothing changes; `GET /health/ready` tells how many of other models there are.
    """
    model = (await inference.info()).id
    async with jobs.reserved(name) as (id, _):
        job = await run_in_threadpool(jobs.create, Kind.REEMBED, name, {"model": model}, id)
    response.headers["Location"] = f"/jobs/{job.id}"
    return Job.of(job)
