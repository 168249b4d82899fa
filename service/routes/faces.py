"""Who is enrolled: adding, listing and erasing faces."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from gallery.limits import MAX_METADATA_BYTES
from gallery.records import Amendment, EnrolledFace, NewFace, Receipt
from model.errors import InvalidRequest, NotFound
from service.body.request_body import Inputs
from service.largest_face import largest_faces
from service.openapi.descriptions import (
    EMBEDDING,
    PICTURE,
    PICTURE_PROBLEMS,
    TEXT,
    Schema,
    json_text,
    problem_responses,
    request_body,
)
from service.responses.pictures import JSON, wants_json
from service.routing.dependencies import BodyDep, ConfigDep, GalleryDep, InferenceDep
from service.routing.parameters import AlignQuery, Collection, FaceCursor, FaceId, MinQuality, Subject, within
from service.schemas import Embedding

router = APIRouter(tags=["gallery"])

DEFAULT_COLLECTION = "default"
METADATA: Schema = {
    "type": "object",
    "additionalProperties": True,
    "description": f"at most {MAX_METADATA_BYTES} bytes as JSON",
}
METADATA_TEXT = json_text({"type": "object"}, f"a JSON object of at most {MAX_METADATA_BYTES} bytes")
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header of the IETF's draft-ietf-httpapi-idempotency-key-header."""
MAX_IDEMPOTENCY_KEY = 255
_KEY_PARAMETER: dict[str, Any] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY},
    "description": "A text that this caller sends with this face alone, such as a new UUID. With it the request can be "
    "sent again after a failure, and enrols once.",
}
CHANGEABLE = ("subject", "collection", "metadata")


class Enrolled(BaseModel):
    """An enrolled face."""

    id: str = Field(examples=["01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"])
    subject: str = Field(description="who the face belongs to", examples=["ada"])
    collection: str = Field(examples=[DEFAULT_COLLECTION])
    embedding: Embedding
    model: str = Field(description="the id of the model that made the embedding")
    metadata: dict[str, Any]
    quality: float | None = Field(
        description="the score of the face's quality, with its likeness; null where an embedding was enrolled"
    )
    created: datetime
    sequence: int = Field(description="the number of its enrolment or latest change in the one order of all changes")

    @classmethod
    def of(cls, face: EnrolledFace) -> Self:
        """The JSON shape of a record."""
        return cls(
            id=face.id,
            subject=face.subject,
            collection=face.collection,
            embedding=Embedding.of(face.embedding, face.model),
            model=face.model,
            metadata=dict(face.metadata),
            quality=face.quality,
            created=face.created,
            sequence=face.sequence,
        )


class Deleted(BaseModel):
    """The receipt of a deletion, after which no answer has these faces."""

    deleted: int = Field(description="how many faces")
    sequence: int = Field(description="the number of the deletion in the one order of all changes")
    at: datetime


class EnrolledPage(BaseModel):
    """Some faces in the order of enrolment or latest change, and where the next page begins."""

    faces: list[Enrolled]
    next_cursor: str | None


DELETION: dict[str, Any] = {
    "status_code": 204,
    "response_class": Response,
    "responses": {
        200: {"model": Deleted, "description": "The receipt, where the Accept header asks for `application/json`"},
        **problem_responses(404, 422, 503),
    },
}
"""What routes that delete answer."""


class CollectionEntry(BaseModel):
    """How much a collection holds."""

    name: str
    faces: int
    subjects: int


class Collections(BaseModel):
    """Every collection that holds a face."""

    collections: list[CollectionEntry]


@router.post(
    "/faces",
    status_code=201,
    responses=PICTURE_PROBLEMS,
    openapi_extra={"parameters": [_KEY_PARAMETER]}
    | request_body(
        {
            "image": PICTURE,
            "subject": TEXT,
            "collection": {**TEXT, "default": DEFAULT_COLLECTION},
            "metadata": METADATA_TEXT,
        },
        ["image", "subject"],
        json={"embedding": EMBEDDING, "subject": TEXT, "collection": TEXT, "metadata": METADATA},
        json_needs=["embedding", "subject"],
    ),
)
async def enrol_face(
    request: Request,
    response: Response,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    gallery: GalleryDep,
    align: AlignQuery = "auto",
    min_quality: MinQuality = None,
) -> Enrolled:
    """Enrol the largest face of a picture, or an embedding that the current model made.

    The face is drawn back for its quality, below which `min_quality` refuses it (`low_quality`).

    With an `Idempotency-Key`, a request that is sent again gives the face that the first one enrolled, as long as that
    is there.
    """
    key = _idempotency_key(request)
    subject, collection = body.text("subject"), body.text("collection")
    if subject is None:
        raise body.missing("subject")
    if collection is None:
        collection = DEFAULT_COLLECTION
    metadata = _metadata(body) or {}
    target, quality, crop = body.face(), None, None
    if isinstance(target, bytes):
        face = (await largest_faces(inference, {"image": target}, align, likeness=True))["image"]
        face.check_quality(min_quality)
        embedding, model = face.embedding, face.model
        quality = None if face.quality is None else face.quality.score
        if config.keep_crops:
            crop = (await inference.reconstruct(target, align=align, model=model)).input
    elif min_quality is not None:
        raise InvalidRequest("An embedding has no quality; send its picture, or leave min_quality out.")
    else:
        embedding, model = target.vector, (await inference.info(target.model)).id
    enrolled = await run_in_threadpool(
        gallery.enrol, NewFace(subject, embedding, model, collection, metadata, quality, crop), key
    )
    response.headers["Location"] = f"/faces/{enrolled.id}"
    return Enrolled.of(enrolled)


def _idempotency_key(request: Request) -> str | None:
    """The key of a request, None where it has none. Raises InvalidRequest."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY:
        raise InvalidRequest(f"{IDEMPOTENCY_KEY} must be 1 to {MAX_IDEMPOTENCY_KEY} characters, such as a UUID.")
    return key


def _metadata(body: Inputs) -> dict[str, Any] | None:
    if "metadata" not in body.fields:
        return None
    value = body.json("metadata")
    if not isinstance(value, dict):
        raise InvalidRequest("The field 'metadata' must be a JSON object.")
    return value


@router.get("/faces", responses=problem_responses(422, 503))
async def list_faces(
    config: ConfigDep,
    gallery: GalleryDep,
    collection: Collection = None,
    subject: Subject = None,
    cursor: FaceCursor = None,
    limit: Annotated[int, Query(ge=1, description="faces on one page")] = 100,
) -> EnrolledPage:
    """The enrolled faces, page by page, those first that were enrolled or changed first."""
    limit = within("limit", limit, config.max_page)
    page = await run_in_threadpool(gallery.page, collection=collection, subject=subject, cursor=cursor, limit=limit)
    return EnrolledPage(faces=[Enrolled.of(face) for face in page.faces], next_cursor=page.next_cursor)


@router.get("/faces/{face_id}", responses=problem_responses(404, 422, 503))
async def get_face(gallery: GalleryDep, face_id: FaceId) -> Enrolled:
    """One enrolled face."""
    return Enrolled.of(await run_in_threadpool(gallery.get, face_id))


@router.patch(
    "/faces/{face_id}",
    responses=problem_responses(404, 413, 415, 422, 503),
    openapi_extra=request_body(
        {"subject": TEXT, "collection": TEXT, "metadata": METADATA_TEXT},
        json={"subject": TEXT, "collection": TEXT, "metadata": METADATA},
        json_needs=[],
        rules={"minProperties": 1, "additionalProperties": False},
    ),
)
async def change_face(body: BodyDep, gallery: GalleryDep, face_id: FaceId) -> Enrolled:
    """Change the subject, the collection or the metadata of a face; what is left out stays.

    The face gets a new sequence number and moves to the end of the listing.
    """
    unknown = {*body.pictures, *body.fields} - set(CHANGEABLE)
    if unknown:
        raise InvalidRequest(f"Of a face, {', '.join(CHANGEABLE)} can change, and not {', '.join(sorted(unknown))}.")
    amendment = Amendment(body.text("subject"), body.text("collection"), _metadata(body))
    return Enrolled.of(await run_in_threadpool(gallery.change, face_id, amendment))


@router.delete("/faces/{face_id}", **DELETION)
async def delete_face(request: Request, gallery: GalleryDep, face_id: FaceId) -> Response:
    """Erase one face; it is in no later answer."""
    return _receipt(request, await run_in_threadpool(gallery.delete, face_id))


# A subject is free text, so that it may hold slashes.
@router.delete("/subjects/{subject:path}", **DELETION)
async def delete_subject(
    request: Request,
    gallery: GalleryDep,
    subject: Annotated[str, Path(description="who shall be forgotten", examples=["ada"])],
    collection: Collection = None,
) -> Response:
    """Erase every face of a subject, in one collection or in all."""
    receipt = await run_in_threadpool(gallery.delete_subject, subject, collection)
    if not receipt.deleted:
        raise NotFound(f"There is no face of the subject {subject!r}.")
    return _receipt(request, receipt)


def _receipt(request: Request, receipt: Receipt) -> Response:
    """The receipt where the Accept header asks for JSON, else an empty answer."""
    if not wants_json(request):
        return Response(status_code=204)
    answer = Deleted(deleted=receipt.deleted, sequence=receipt.sequence, at=receipt.at)
    return Response(answer.model_dump_json(), media_type=JSON)


@router.get("/collections", responses=problem_responses(503))
async def list_collections(gallery: GalleryDep) -> Collections:
    """Every collection and how much it holds."""
    found = await run_in_threadpool(gallery.collections)
    return Collections(
        collections=[CollectionEntry(name=item.name, faces=item.faces, subjects=item.subjects) for item in found]
    )
