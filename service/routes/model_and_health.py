"""The model card, and the health probes."""

from typing import Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from model.attributes import POSE_ANGLES, SPACES, Attribute
from model.errors import Unavailable
from service.openapi.descriptions import problem_responses
from service.routing.dependencies import ConfigDep, GalleryDep, InferenceDep

router = APIRouter(tags=["about"])


class AttributeEntry(BaseModel):
    """Where one attribute lies in the embedding and how two faces are compared by it."""

    name: Attribute
    slice: tuple[int, int] = Field(description="first number, and the one after the last")
    size: int
    space: str
    distance: Literal["cosine", "euclidean"]


class Search(BaseModel):
    """How enrolled faces are compared."""

    kind: Literal["exact", "approximate"]
    recall_at_10: dict[str, float] = Field(
        description="of each approximate index, by attribute, the share of the 10 best faces that it "
        "found when it was made; empty where every face is compared"
    )


class Model(BaseModel):
    """What the loaded model says of itself."""

    id: str
    image_size: int = Field(description="height and width of the pictures that it draws, in pixels")
    read_size: int = Field(description="height and width of the crops that it reads, in pixels")
    detector: str
    attributes: list[AttributeEntry]
    presets: dict[Attribute, list[str]]
    search: Search
    limits: dict[str, int] = Field(description="what a request may not pass")
    card: dict[str, Any]


class Health(BaseModel):
    """The answer of a probe."""

    status: Literal["ok"] = "ok"
    note: str | None = Field(default=None, description="what somebody should see to, though requests are answered")


def _entry(attribute: Attribute) -> AttributeEntry:
    space = SPACES[attribute]
    return AttributeEntry(
        name=attribute,
        slice=(space.slice.start, space.slice.stop),
        size=space.size,
        space="unit sphere" if space.unit else f"{', '.join(POSE_ANGLES)} in radians",
        distance="cosine" if space.unit else "euclidean",
    )


@router.get("/model", responses=problem_responses(503))
async def model(config: ConfigDep, inference: InferenceDep, gallery: GalleryDep) -> Model:
    """The model card, the table of the embedding, the presets and the limits."""
    # While one model takes another's place, of the one that most workers have.
    info, recall = next(iter((await inference.models()).values())), gallery.recall()
    return Model(
        id=info.id,
        image_size=info.image_size,
        read_size=info.read_size,
        detector=info.detector,
        attributes=[_entry(attribute) for attribute in Attribute],
        presets={attribute: list(names) for attribute, names in info.presets.items()},
        search=Search(kind="approximate" if recall else "exact", recall_at_10=recall),
        limits=config.limits,
        card=dict(info.card),
    )


@router.get("/health/live", response_model_exclude_none=True)
async def live() -> Health:
    """Whether the process answers at all."""
    return Health()


@router.get("/health/ready", response_model_exclude_none=True, responses=problem_responses(503))
async def ready(request: Request, inference: InferenceDep, gallery: GalleryDep) -> Health:
    """Whether requests can be answered: the model is loaded and the database answers."""
    missing = await inference.ready()
    if missing is not None:
        raise Unavailable(missing)
    census = await run_sync(gallery.census, limiter=request.app.state.probe_threads)
    running = await inference.models()
    unusable = sum(count for model, count in census.items() if model not in running)
    if not unusable:
        return Health()
    return Health(
        note=f"{unusable} enrolled faces are of other models, and no search finds them: `facet gallery reembed`, or "
        "`POST /collections/{name}/reembed`, brings back those whose pictures were kept; enrol the others again."
    )
