"""The enrolled faces most like a query, by any mixture of attributes."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from gallery.query import Match, Term
from gallery.query import Query as GalleryQuery
from model.attributes import Attribute, Vector, part
from model.errors import InvalidRequest
from service.dependencies import Config, EnrolledFaces, FindFace, InferencePort
from service.faces_in_pictures import largest_faces
from service.inputs import Body
from service.openapi import EMBEDDING, PICTURE, PICTURE_PROBLEMS, problem_responses, request_body
from service.parameters import AlignQuery, Collection, Subject, within
from service.schemas import AttributeName, known_attribute

router = APIRouter(tags=["gallery"])

Weighted = Annotated[
    list[str],
    Query(
        default_factory=lambda: [Attribute.IDENTITY.value],
        description="the attributes to compare, each with an optional weight: `identity`, `identity:1`, `style:-0.3`",
        examples=[["identity:1", "style:-0.3"]],
    ),
]
K = Annotated[int, Query(ge=1, description="how many results to return")]
MinSimilarity = Annotated[float | None, Query(allow_inf_nan=False, description="leave out results below this")]


class Found(BaseModel):
    """One enrolled face that a search found."""

    id: str
    subject: str
    collection: str
    similarity: float = Field(description="the mixture that was asked for; results are ordered by it")
    distance: float
    similarities: dict[Attribute, float] = Field(description="by attribute, where the query has that attribute")
    metadata: dict[str, Any]

    @classmethod
    def of(cls, match: Match) -> Self:
        """The JSON shape of a match."""
        return cls(
            id=match.face.id,
            subject=match.face.subject,
            collection=match.face.collection,
            similarity=match.similarity,
            distance=match.distance,
            similarities=dict(match.similarities),
            metadata=dict(match.face.metadata),
        )


class SearchResults(BaseModel):
    """The best results, best first, and how many faces were compared."""

    results: list[Found]
    searched: int


@router.post(
    "/search",
    responses=PICTURE_PROBLEMS,
    openapi_extra=request_body(
        {"image": PICTURE, "source": PICTURE}, ["image"], raw=True, json={"embedding": EMBEDDING}
    ),
)
async def search(
    body: Body,
    port: InferencePort,
    gallery: EnrolledFaces,
    config: Config,
    attr: Weighted,
    source_attr: Annotated[
        list[AttributeName] | None, Query(description="take these attributes from the picture `source`")
    ] = None,
    k: K = 10,
    collection: Collection = None,
    subject: Subject = None,
    min_similarity: MinSimilarity = None,
    align: AlignQuery = "auto",
) -> SearchResults:
    """Search by a picture or an embedding; a `source` picture lends the attributes in `source_attr`."""
    weights, source = _weights(attr), body.optional("source")
    if (source is None) != (not source_attr):
        raise InvalidRequest("To compose two pictures, send both a picture `source` and `source_attr`.")
    target = body.face()
    pictures = {} if source is None else {"source": source}
    if isinstance(target, bytes):
        pictures["image"] = target
    faces = await largest_faces(port, pictures, align) if pictures else {}
    embedding = faces["image"].embedding if isinstance(target, bytes) else target
    lent = {} if source is None else dict.fromkeys(source_attr or [], faces["source"].embedding)
    query = GalleryQuery(
        terms=_terms(weights, embedding, lent),
        k=within("k", k, config.max_k),
        collection=collection,
        subject=subject,
        min_similarity=min_similarity,
        model=(await port.info()).id,
        reference=None if lent else embedding,
    )
    return await _answer(gallery, query)


@router.get("/search", responses=problem_responses(404, 422, 503))
async def search_by_face(
    face: Annotated[str, Query(description="the id of the enrolled face to compare with")],
    find_face: FindFace,
    gallery: EnrolledFaces,
    config: Config,
    attr: Weighted,
    k: K = 10,
    collection: Collection = None,
    subject: Subject = None,
    min_similarity: MinSimilarity = None,
) -> SearchResults:
    """Search by an enrolled face, which is itself left out of the results."""
    weights, given = _weights(attr), await find_face(face)
    query = GalleryQuery(
        terms=_terms(weights, given.embedding, {}),
        k=within("k", k, config.max_k),
        collection=collection,
        subject=subject,
        min_similarity=min_similarity,
        exclude=given.id,
        model=given.model,
        reference=given.embedding,
    )
    return await _answer(gallery, query)


async def _answer(gallery: EnrolledFaces, query: GalleryQuery) -> SearchResults:
    found = await run_in_threadpool(gallery.search, query)
    return SearchResults(results=[Found.of(match) for match in found.matches], searched=found.searched)


def _terms(weights: Mapping[Attribute, float], embedding: Vector, lent: Mapping[Attribute, Vector]) -> tuple[Term, ...]:
    """One term for each attribute: from the embedding that lends it, else from the query's own."""
    mixture = {**dict.fromkeys(lent, 1.0), **weights}
    return tuple(
        Term(attribute, part(lent.get(attribute, embedding), attribute), weight)
        for attribute, weight in mixture.items()
    )


def _weights(attr: list[str]) -> dict[Attribute, float]:
    """The weight of each attribute that `attr` names, 1 where it gives none.

    Raises UnknownAttribute, and InvalidRequest for an attribute that is named twice.
    """
    weights: dict[Attribute, float] = {}
    for entry in attr:
        name, colon, text = entry.partition(":")
        attribute = known_attribute(name)
        if attribute in weights:
            raise InvalidRequest(f"attr names {attribute} twice; name it once, with the weight that it should have.")
        weights[attribute] = _number(text) if colon else 1.0
    return weights


def _number(text: str) -> float:
    """The number that a text holds; NaN, which no term takes, where it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
