"""The enrolled faces most like a query, by any mixture of attributes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from gallery.query import Match, Results
from gallery.query import Query as GalleryQuery
from model.attributes import Attribute, Vector
from model.errors import FacetError, InvalidRequest
from service.body.request_body import Inputs
from service.largest_face import largest_faces
from service.openapi.descriptions import EMBEDDING, PICTURE, PICTURE_PROBLEMS, problem_responses, request_body
from service.routing.dependencies import BodyDep, ConfigDep, EnrolledFaces, EnrolledFacesDep, GalleryDep, InferenceDep
from service.routing.parameters import AlignQuery, within
from service.schemas import AttributeName, given_embedding
from service.search.filter import METADATA_PARAMETER, SearchConditions
from service.search.query import QUESTION, WEIGHTED, Question, query_for, questions_of
from worker.interface import Align, Inference

router = APIRouter(tags=["gallery"])

Weighted = Annotated[
    list[str],
    Query(
        default_factory=lambda: [Attribute.IDENTITY.value],
        description="the attributes to compare, each with an optional weight: `identity`, `identity:1`, `style:-0.3`",
        json_schema_extra=WEIGHTED,
    ),
]
K = Annotated[int, Query(ge=1, description="how many results to return")]


class Found(BaseModel):
    """One enrolled face that a search found."""

    id: str
    subject: str
    collection: str
    similarity: float = Field(description="the mixture that was asked for; results are ordered by it")
    distance: float
    similarities: dict[Attribute, float] = Field(description="by attribute, to the face that is asked for")
    metadata: dict[str, Any]
    quality: float | None = Field(description="of the enrolled face; null where an embedding was enrolled")

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
            quality=match.face.quality,
        )


class SearchResults(BaseModel):
    """The best results, best first, and how many faces were compared."""

    results: list[Found]
    searched: int = Field(description="how many faces met the conditions")

    @classmethod
    def of(cls, results: Results) -> Self:
        """The JSON shape of the answer to one query."""
        return cls(results=[Found.of(match) for match in results.matches], searched=results.searched)


class BatchResults(BaseModel):
    """The answers to a batch of queries, in their order."""

    answers: list[SearchResults]


@router.post(
    "/search",
    responses=PICTURE_PROBLEMS | problem_responses(404),
    openapi_extra={"parameters": [METADATA_PARAMETER]}
    | request_body(
        {"image": PICTURE, "source": PICTURE},
        ["image"],
        raw=True,
        json={"embedding": EMBEDDING, "queries": {"type": "array", "items": QUESTION, "minItems": 1}},
        json_needs=[],
        json_example=["embedding"],
        json_rules={
            "oneOf": [
                {"required": ["embedding"], "not": {"required": ["queries"]}},
                {"required": ["queries"], "maxProperties": 1},
            ]
        },
    ),
)
async def search(
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    gallery: GalleryDep,
    enrolled: EnrolledFacesDep,
    conditions: SearchConditions,
    attr: Weighted,
    source_attr: Annotated[
        list[AttributeName] | None, Query(description="take these attributes from the picture `source`")
    ] = None,
    k: K = 10,
    align: AlignQuery = "auto",
) -> SearchResults | BatchResults:
    """Search by a picture or an embedding, or by each of the `queries` of a JSON body.

    A `source` picture lends the attributes in `source_attr`.
    """
    shared = {"attr": attr, "k": within("k", k, config.max_k), **conditions.fields}
    if "queries" in body.fields:
        questions = questions_of(body, config.max_queries)
        queries = [
            await _asked(inference, enrolled, config.max_k, place, item, shared) for place, item in enumerate(questions)
        ]
        answers = await run_in_threadpool(gallery.search_many, queries)
        return BatchResults(answers=[SearchResults.of(results) for results in answers])
    embedding, lent, model = await _composed(body, inference, source_attr or [], align)
    query = query_for(embedding, lent=lent, model=model, **shared)
    return SearchResults.of(await run_in_threadpool(gallery.search, query))


@router.get("/search", responses=problem_responses(404, 422, 503), openapi_extra={"parameters": [METADATA_PARAMETER]})
async def search_by_face(
    config: ConfigDep,
    gallery: GalleryDep,
    face: Annotated[str, Query(description="the id of the enrolled face to compare with")],
    conditions: SearchConditions,
    attr: Weighted,
    k: K = 10,
) -> SearchResults:
    """Search by an enrolled face, which is itself left out of the results."""
    # Also of an earlier model, whose faces are compared with each other until they are embedded anew.
    given = await run_in_threadpool(gallery.get, face)
    query = query_for(
        given.embedding,
        attr,
        k=within("k", k, config.max_k),
        exclude=given.id,
        model=given.model,
        **conditions.fields,
    )
    return SearchResults.of(await run_in_threadpool(gallery.search, query))


async def _composed(
    body: Inputs, port: Inference, source_attr: Sequence[Attribute], align: Align
) -> tuple[Vector, dict[Attribute, Vector], str]:
    """The embedding that a body asks for, those that lend it some attributes, and the model that made them."""
    source = body.optional("source")
    if (source is None) != (not source_attr):
        raise InvalidRequest("To compose two pictures, send both a picture `source` and `source_attr`.")
    target = body.face()
    pictures = {} if source is None else {"source": source}
    if isinstance(target, bytes):
        pictures["image"] = target
    model = None if isinstance(target, bytes) else (await port.info(target.model)).id
    faces = await largest_faces(port, pictures, align, model) if pictures else {}
    embedding = faces["image"].embedding if isinstance(target, bytes) else target.vector
    lent = {} if source is None else dict.fromkeys(source_attr, faces["source"].embedding)
    return embedding, lent, model or faces["image"].model


async def _asked(
    inference: Inference,
    enrolled: EnrolledFaces,
    max_k: int,
    place: int,
    question: Question,
    shared: Mapping[str, Any],
) -> GalleryQuery:
    """The query that a question of a batch asks; what it leaves out is as all share it."""
    fields = {**shared, **question.own}
    try:
        within("k", fields["k"], max_k)
        if question.face is None:
            given = given_embedding(question.embedding)
            return query_for(given.vector, model=(await inference.info(given.model)).id, **fields)
        face = await enrolled.get(question.face)
        return query_for(face.embedding, exclude=face.id, model=face.model, **fields)
    except FacetError as error:
        raise type(error)(f"In queries[{place}]: {error.message}", **error.details) from error
