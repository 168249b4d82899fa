"""Jobs on the faces of a collection: grouping them, and bringing them to the present model."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from gallery.jobs.job_records import Kind
from model.errors import InvalidRequest
from service.openapi.descriptions import problem_responses
from service.routes.faces import DEFAULT_COLLECTION
from service.routes.jobs import Job
from service.routing.dependencies import ConfigDep, InferenceDep, JobsDep

router = APIRouter(tags=["gallery"])


@router.post("/collections/{name}/groups", status_code=202, responses=problem_responses(422, 503))
async def group_collection(
    response: Response,
    config: ConfigDep,
    inference: InferenceDep,
    jobs: JobsDep,
    name: Annotated[str, Path(description="whose faces to group", examples=[DEFAULT_COLLECTION])],
    by: Annotated[Literal["identity", "expression"], Query(description="what a group shares")] = "identity",
    distance: Annotated[
        float | None,
        Query(
            gt=0,
            lt=2,
            allow_inf_nan=False,
            description="the largest mean distance (1 - cosine) at which two groups become one; of identities by "
            "default that at which two faces show one person with a probability of one half",
        ),
    ] = None,
    min_size: Annotated[int, Query(ge=2, le=1000, description="faces that make a group")] = 2,
) -> Job:
    """Group the faces of a collection: average linkage of the identities, or of the expressions.

    The groups are in `GET /jobs/{job_id}` when the job is done; a face that is erased later is in none.
    """
    info = await inference.info()
    if distance is None and by != "identity":
        raise InvalidRequest(f"Name a distance: for {by} the model has no calibrated threshold.")
    parameters = {
        "by": by,
        "distance": 1.0 - info.threshold if distance is None else distance,
        "min_size": min_size,
        "max_faces": config.max_grouped,
        "model": info.id,
    }
    async with jobs.reserved(name) as (id, _):
        job = await run_in_threadpool(jobs.create, Kind.GROUPS, name, parameters, id)
    response.headers["Location"] = f"/jobs/{job.id}"
    return Job.of(job)


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
