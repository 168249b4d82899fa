"""The metrics of this process, for Prometheus."""

from typing import cast

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from gallery.base_gallery import BaseGallery
from model.errors import Unavailable

JOBS = Gauge("facet_jobs", "Jobs of the gallery in each state", ["state"])

router = APIRouter(tags=["about"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Times of requests and of each stage of the work, and how much of it waits, in the format of Prometheus.

    Workers measure their stages themselves: `facet worker --metrics-port` opens this page for each.
    """
    _count_jobs(cast(BaseGallery, request.app.state.gallery))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _count_jobs(gallery: BaseGallery) -> None:
    try:
        counts = gallery.jobs.counts()
    except Unavailable:
        # What else is measured is worth most when the database is lost.
        JOBS.clear()
        return
    for state, count in counts.items():
        JOBS.labels(state.value).set(count)
