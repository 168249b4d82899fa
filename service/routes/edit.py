"""A face drawn with some of its attributes changed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.config import JsonDict, JsonValue

from model.attributes import POSE_ANGLES, Attribute, Vector
from model.errors import ImpossibleEdit, InvalidRequest
from service.body.request_body import Inputs
from service.openapi.descriptions import (
    DRAWN,
    EMBEDDING,
    PICTURE,
    PICTURE_PROBLEMS,
    PICTURES,
    Schema,
    json_text,
    problem_responses,
    request_body,
    schema_of,
)
from service.responses.pictures import drawn_json, drawn_png, wants_json
from service.routing.dependencies import BodyDep, ConfigDep, EnrolledFaces, EnrolledFacesDep, InferenceDep
from service.routing.parameters import ID, AlignQuery, within
from service.schemas import AttributeName, Embedding, GivenEmbedding, Png, given_embedding, sentence_of
from worker import interface

router = APIRouter(tags=["drawing"])


_ANGLES: JsonDict = {
    "minProperties": 1,
    "propertyNames": {"enum": [*POSE_ANGLES]},
    "additionalProperties": {"type": "number", "minimum": -interface.MAX_DEGREES, "maximum": interface.MAX_DEGREES},
}
_AMOUNT: JsonDict = {"minimum": -interface.MAX_AMOUNT, "maximum": interface.MAX_AMOUNT}
_ORIGIN: JsonDict = {"pattern": f"^(source:[0-9]+|face:{ID})$"}
_GIVEN: dict[str, JsonValue] = {
    "from": {"type": ["string", "object"], "additionalProperties": True},
    "set": {"type": "object", "additionalProperties": True},
    "preset": {"type": "string"},
}


def _kind(name: str) -> JsonValue:
    """The schema of an edit that says by one of its three fields what to take."""
    properties: dict[str, JsonValue] = {other: _GIVEN[other] if other == name else {"type": "null"} for other in _GIVEN}
    if name == "set":
        properties["attribute"] = {"const": Attribute.POSE.value}
    return {"required": [name], "properties": properties}


class Edit(BaseModel):
    """One change of one attribute: exactly one of `from`, `set` and `preset`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"attribute": "pose", "set": {"yaw": 20}, "amount": 1},
            "oneOf": [_kind(name) for name in _GIVEN],
        },
    )

    attribute: AttributeName
    origin: Annotated[str, Field(json_schema_extra=_ORIGIN)] | Embedding | None = Field(
        None, alias="from", description="`source:0` (the first source picture), `face:<id>`, or an embedding"
    )
    set: Annotated[dict[str, float], Field(json_schema_extra=_ANGLES)] | None = Field(
        None, description="angles in degrees, for pose alone; those left out stay"
    )
    preset: str | None = Field(None, description="a name that `/model` lists, such as `happiness`")
    amount: float = Field(
        1.0, description="how far to go: 0 changes nothing, 1 all the way, up to 2 beyond", json_schema_extra=_AMOUNT
    )


_EDITS = TypeAdapter(list[Edit])
_LIST_OF_EDITS: Schema = {"type": "array", "items": schema_of(Edit)}


class Edited(BaseModel):
    """The drawn face, the embedding that was drawn, and what the encoder sees in the drawing."""

    image: Png
    embedding: Embedding
    reencoded: Embedding


@router.post(
    "/edit",
    response_model=Edited,
    responses={**PICTURE_PROBLEMS, **problem_responses(404), **DRAWN},
    openapi_extra=request_body(
        {
            "image": PICTURE,
            "source": PICTURES,
            "edits": json_text(
                {"type": "array", "items": {"$ref": f"#/components/schemas/{Edit.__name__}"}}, "a list of edits"
            ),
        },
        raw=True,
        json={"embedding": EMBEDDING, "edits": _LIST_OF_EDITS},
        json_needs=["edits"],
    ),
)
async def edit(
    request: Request,
    body: BodyDep,
    config: ConfigDep,
    inference: InferenceDep,
    enrolled: EnrolledFacesDep,
    face: Annotated[str | None, Query(description="edit this enrolled face instead of a picture")] = None,
    attr: Annotated[list[AttributeName] | None, Query(description="take these attributes from `source`")] = None,
    amount: Annotated[
        Annotated[float, Field(json_schema_extra=_AMOUNT)] | None,
        Query(description="how far to go with every `attr`; 1 if left out"),
    ] = None,
    paste: Annotated[bool, Query(description="put the drawn face back into the photograph")] = False,
    align: AlignQuery = "auto",
) -> Response:
    """Draw a face after some edits; what no edit names stays as it is.

    The face is the picture `image`, an enrolled `face`, or an `embedding`. Name the edits either by `attr`, or by a
    list `edits`.
    """
    maker = Maker(inference, enrolled)
    target = await _target(maker, body, face)
    if "edits" not in body.fields:
        edits = _from_source(body, attr or [], 1.0 if amount is None else amount)
    elif attr or amount is not None:
        raise InvalidRequest("Name the edits either by `attr` and `amount` or by `edits`, not by both.")
    else:
        edits = await _listed(maker, body, config.max_edits)
    as_json = wants_json(request)
    drawing = await inference.edit(
        target, edits, sources=body.all("source"), align=align, paste=paste, reencode=as_json, model=maker.model
    )
    if not as_json or drawing.reencoded is None:
        return drawn_png(drawing.image)
    return drawn_json(
        Edited(
            image=drawing.image,
            embedding=Embedding.of(drawing.embedding, drawing.model),
            reencoded=Embedding.of(drawing.reencoded, drawing.model),
        )
    )


class Maker:
    """The model that made the embeddings of a request, which must be one."""

    def __init__(self, inference: interface.Inference, enrolled: EnrolledFaces) -> None:
        self._inference, self._enrolled = inference, enrolled
        self.model: str | None = None
        """Its id; None where the request has no embedding, and any model will do."""

    async def enrolled(self, face_id: str) -> Vector:
        """The embedding of an enrolled face. Raises InvalidRequest where another model made it, and NotFound."""
        face = await self._enrolled.get(face_id)
        self._made(face.model)
        return face.embedding

    async def given(self, embedding: GivenEmbedding) -> Vector:
        """An embedding of the caller's, by default of the only model that runs.

        Raises InvalidRequest where it is of one that does not, and Unavailable where it does not say which of several.
        """
        self._made((await self._inference.info(embedding.model)).id)
        return embedding.vector

    def _made(self, model: str) -> None:
        if self.model is not None and self.model != model:
            raise interface.mixed(self.model, model)
        self.model = model


async def _target(maker: Maker, body: Inputs, face: str | None) -> bytes | Vector:
    """The one face that is to be edited."""
    if face is None:
        target = body.face()
        return target if isinstance(target, bytes) else await maker.given(target)
    if "embedding" in body.fields or body.optional("image") is not None:
        raise InvalidRequest(
            "One face is edited at a time; send either `face`, or a picture `image`, or an `embedding`."
        )
    return await maker.enrolled(face)


def _from_source(body: Inputs, attributes: list[AttributeName], amount: float) -> list[interface.Edit]:
    """Edits that take some attributes from the only source picture."""
    if not attributes:
        raise InvalidRequest("The request names no edit; send `attr` with a `source` picture, or a list `edits`.")
    body.one("source")
    return [interface.Edit(attribute, source=0, amount=amount) for attribute in attributes]


async def _listed(maker: Maker, body: Inputs, limit: int) -> list[interface.Edit]:
    """The edits of the field `edits`."""
    try:
        listed = _EDITS.validate_python(body.json("edits"))
    except ValidationError as error:
        raise InvalidRequest(f"The list `edits` is not valid: {sentence_of(error)}.") from error
    within("The number of edits", len(listed), limit)
    return [
        interface.Edit(
            item.attribute,
            source=None if item.origin is None else await _origin(maker, item.origin),
            set=item.set,
            preset=item.preset,
            amount=item.amount,
        )
        for item in listed
    ]


async def _origin(maker: Maker, origin: str | Embedding) -> int | Vector:
    """What the `from` of an edit names: the number of a source picture, or an embedding, given or enrolled."""
    if isinstance(origin, Embedding):
        return await maker.given(given_embedding(origin))
    kind, _, name = origin.partition(":")
    if kind == "face" and name:
        return await maker.enrolled(name)
    if kind == "source" and name.isascii() and name.isdigit():
        return int(name)
    raise ImpossibleEdit(f"An edit cannot take from {origin!r}; name `source:0` or `face:<id>`.")
