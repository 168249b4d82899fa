"""Who of the enrolled a face is, if anybody."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from gallery.query import Match
from model.attributes import Attribute
from service.largest_face import largest_faces
from service.openapi.descriptions import EMBEDDING, PICTURE, PICTURE_PROBLEMS, request_body
from service.routing.dependencies import BodyDep, ConfigDep, GalleryDep, InferenceDep
from service.routing.parameters import AlignQuery, Collection, within
from service.schemas import GivenEmbedding
from service.search.filter import METADATA_PARAMETER, FoundQuality, metadata_of
from service.search.query import query_for

router = APIRouter(tags=["gallery"])


class Candidate(BaseModel):
    """A subject, by the one of its faces that is most like the face asked for."""

    subject: str
    probability: float = Field(description="that both faces show one person", examples=[0.93])
    similarity: float = Field(description="of the identities")
    id: str = Field(description="the enrolled face that was compared")
    collection: str
    metadata: dict[str, Any]

    @classmethod
    def of(cls, match: Match, probability: float) -> Self:
        """The JSON shape of a match."""
        return cls(
            subject=match.face.subject,
            probability=probability,
            similarity=match.similarity,
            id=match.face.id,
            collection=match.face.collection,
            metadata=match.face.metadata,
        )


class Identified(BaseModel):
    """Who it is; null where it is nobody who is enrolled."""

    subject: str | None = Field(examples=["ada"])
    probability: float = Field(description="of the best candidate, 0 where there is none", examples=[0.93])
    min_probability: float = Field(description="from which on the best candidate is the answer")
    candidates: list[Candidate] = Field(description="the most probable subjects, best first, whether sure or not")
    searched: int = Field(description="how many faces were compared")


@router.post(
    "/identify",
    responses=PICTURE_PROBLEMS,
    openapi_extra={"parameters": [METADATA_PARAMETER]}
    | request_body({"image": PICTURE}, ["image"], raw=True, json={"embedding": EMBEDDING}),
)
async def identify(
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    gallery: GalleryDep,
    metadata: Annotated[dict[str, Any], Depends(metadata_of)],
    k: Annotated[int, Query(ge=1, description="how many candidates to return")] = 5,
    min_probability: Annotated[
        float, Query(ge=0, le=1, allow_inf_nan=False, description="how sure a decision must be")
    ] = 0.5,
    collection: Collection = None,
    min_quality: FoundQuality = None,
    align: AlignQuery = "auto",
) -> Identified:
    """Decide which subject the largest face of a picture is, or that it is nobody, by identity alone.

    The probability is that of a comparison of two faces. Strangers who look alike are the more numerous the larger
    the collection is: ask for a higher `min_probability` there.
    """
    target = body.face()
    if isinstance(target, bytes):
        face = (await largest_faces(inference, {"image": target}, align))["image"]
        target = GivenEmbedding(face.embedding, face.model)
    info = await inference.info(target.model)
    query = query_for(
        target.vector,
        [Attribute.IDENTITY.value],
        k=within("k", k, config.max_k),
        collection=collection,
        metadata=metadata,
        min_quality=min_quality,
        model=info.id,
        group_by="subject",
    )
    found = await run_in_threadpool(gallery.search, query)
    candidates = [Candidate.of(match, info.same_person_probability(match.similarity)) for match in found.matches]
    probability = candidates[0].probability if candidates else 0.0
    return Identified(
        subject=candidates[0].subject if candidates and probability >= min_probability else None,
        probability=probability,
        min_probability=min_probability,
        candidates=candidates,
        searched=found.searched,
    )
