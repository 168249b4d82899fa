"""The faces of a collection brought to the present model, after a change of it."""

from typing import Annotated

from fastapi import Path, Response
from fastapi.concurrency import run_in_threadpool

from gallery.jobs.job_records import Kind
from service.openapi.descriptions import problem_responses
from service.routes.faces import DEFAULT_COLLECTION
from service.routes.jobs import Job
from service.routing.request import FacetRequest
from service.routing.router import Router

router = Router(tags=["gallery"])


@router.post("/collections/{name}/reembed", status_code=202, responses=problem_responses(422, 503))
async def reembed_collection(
    request: FacetRequest,
    response: Response,
    name: Annotated[str, Path(description="whose faces to embed anew", examples=[DEFAULT_COLLECTION])],
) -> Job:
    """Embed the faces that other models made anew, from the pictures that were kept of them (FACET_KEEP_CROPS).

    Until a face has its turn, it is found among those of its own model, by `GET /search` with one of them. Of a face
    without a picture nothing changes; `GET /health/ready` tells how many of other models there are.
    """
    model, desk = (await request.inference.info()).id, request.desk
    with desk.reserved(name) as (id, _):
        job = await run_in_threadpool(desk.create, Kind.REEMBED, name, {"model": model}, id)
    response.headers["Location"] = f"/jobs/{job.id}"
    return Job.of(job)
