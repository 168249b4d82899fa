"""The JSON schemas that several routes share: embeddings, faces, attributes by name, problems."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Len
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from gallery.limits import MAX_MODEL
from model.attributes import SPACES, Attribute, Vector, join, normalized
from model.errors import FacetError, InvalidEmbedding, UnknownAttribute
from worker import interface

_FLOAT32_MAX = float(np.finfo(np.float32).max)

Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_FLOAT32_MAX, le=_FLOAT32_MAX)]
"""A finite number that float32 can hold."""


_LARGEST_ANGLE = float(np.float32(np.pi))
Angle = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST_ANGLE, le=_LARGEST_ANGLE)]
"""An angle in radians, at most π as float32 holds it."""

_SHORTEST = 1e-6
_DIRECTION: dict[str, Any] = {"contains": {"anyOf": [{"minimum": _SHORTEST}, {"maximum": -_SHORTEST}]}}
"""A sub-vector on the sphere must point somewhere; it is scaled to length 1."""


def _from_base64(value: Any) -> Any:
    return base64.b64decode(value) if isinstance(value, str) else value


def _to_base64(image: bytes) -> str:
    return base64.b64encode(image).decode()


Png = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(_to_base64, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}),
]
"""A picture in an answer: PNG bytes, which JSON carries in base64."""


def known_attribute(name: Any) -> Attribute:
    """The attribute of a name. Raises UnknownAttribute, which names the four."""
    try:
        return Attribute(name)
    except ValueError as error:
        raise UnknownAttribute(f"There is no attribute {name!r}; choose from {', '.join(Attribute)}.") from error


AttributeName = Annotated[Attribute, BeforeValidator(known_attribute)]
"""An attribute by name; unlike a plain enum it fails with UnknownAttribute."""


def _exactly(attribute: Attribute) -> Len:
    return Len(SPACES[attribute].size, SPACES[attribute].size)


def _example(attribute: Attribute) -> list[JsonValue]:
    """A sub-vector for the documentation: its first number is 1 on the sphere, a small angle in a pose."""
    space = SPACES[attribute]
    return [1.0 if space.unit else 0.1, *[0.0] * (space.size - 1)]


# What is made for every face are plain dataclasses, which pydantic describes, validates and writes like its own models:
# to make one of those takes ten times as long, even without validation.


@dataclass(slots=True)
class Embedding:
    """A face as four sub-vectors: pose in radians, the others on the unit sphere."""

    __pydantic_config__: ClassVar = ConfigDict(
        extra="forbid", json_schema_extra={"example": {a: _example(a) for a in Attribute}}
    )

    pose: Annotated[list[Angle], _exactly(Attribute.POSE)]
    identity: Annotated[list[Number], _exactly(Attribute.IDENTITY), Field(json_schema_extra=_DIRECTION)]
    expression: Annotated[list[Number], _exactly(Attribute.EXPRESSION), Field(json_schema_extra=_DIRECTION)]
    style: Annotated[list[Number], _exactly(Attribute.STYLE), Field(json_schema_extra=_DIRECTION)]
    model: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_MODEL,
            description="the id of the model that made it, as every answer has it; a request that leaves it out means "
            "the only model that runs",
        ),
    ] = None

    @classmethod
    def of(cls, embedding: Vector, model: str) -> Self:
        """The JSON shape of an embedding `(99,)` that the model of an id made."""
        numbers = embedding.tolist()
        pose, identity, expression, style = [numbers[part] for part in _PARTS]
        return cls(pose, identity, expression, style, model)


_PARTS = [SPACES[attribute].slice for attribute in Attribute]
_EMBEDDING = TypeAdapter(Embedding)


@dataclass(frozen=True)
class GivenEmbedding:
    """An embedding that a request brought."""

    vector: Vector
    """`(99,)`, its unit parts scaled to length 1."""
    model: str | None
    """The id of the model that made it; None where the request does not say."""


def given_embedding(value: Any) -> GivenEmbedding:
    """The embedding that a parsed JSON value holds. Raises InvalidEmbedding."""
    try:
        given = _EMBEDDING.validate_python(value)
        parts = {attribute: np.array(getattr(given, attribute), np.float32) for attribute in Attribute}
        return GivenEmbedding(normalized(join(parts)), given.model)
    except ValidationError as error:
        raise InvalidEmbedding(f"The embedding is not valid: {sentence_of(error)}.") from error
    except ValueError as error:
        raise InvalidEmbedding(f"The embedding is not valid: {error}.") from error


def sentence_of(error: ValidationError) -> str:
    """What a validation error says, as the text of a sentence; at most its first three findings."""
    findings = error.errors(include_url=False, include_context=False, include_input=False)[:3]
    return "; ".join(
        f"{'.'.join(str(place) for place in item['loc'])}: {item['msg']}".lstrip(": ") for item in findings
    )


class Failure(BaseModel):
    """Why one picture of several failed."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "no_face", "detail": "No face was found."}})

    code: str
    detail: str

    @classmethod
    def of(cls, error: FacetError) -> Self:
        """The JSON shape of a domain error."""
        return cls(code=error.code, detail=error.message)


@dataclass(slots=True)
class PoseDegrees:
    """The pose in degrees: pitch > 0 looks up, yaw > 0 turns to the picture's right, roll > 0 tilts clockwise."""

    pitch: float
    yaw: float
    roll: float


@dataclass(slots=True)
class Expression:
    """How probable each expression is; the probabilities sum to 1. A model may know no labels."""

    label: str | None
    probabilities: dict[str, float]


_Part = Annotated[float, Field(ge=0, le=1, examples=[0.9])]


@dataclass(slots=True)
class Quality:
    """How much there is of a face in its picture: parts from 0 to 1, 1 where nothing is missing, and their product."""

    score: Annotated[float, Field(ge=0, le=1, examples=[0.66], description="the product of the parts")]
    size: Annotated[_Part, Field(description="pixels of the face in the picture")]
    sharpness: _Part
    turn: Annotated[_Part, Field(description="how far it looks towards the camera")]
    detection: Annotated[_Part, Field(description="how sure the detector was")]
    likeness: Annotated[
        float | None,
        Field(ge=0, le=1, description="how well the model draws it back; null where that was not asked for"),
    ]

    @classmethod
    def of(cls, quality: interface.Quality) -> Self:
        """The JSON shape of a quality."""
        return cls(quality.score, quality.size, quality.sharpness, quality.turn, quality.detection, quality.likeness)


@dataclass(slots=True)
class Face:
    """One face found in a picture."""

    box: Annotated[
        tuple[float, float, float, float],
        Field(
            description="x, y, width, height in pixels of the upright picture", examples=[[84.0, 61.0, 120.0, 120.0]]
        ),
    ]
    score: Annotated[float, Field(description="how sure the detector is", examples=[0.97])]
    landmarks: Annotated[
        list[tuple[float, float]] | None,
        Field(
            description="left eye, right eye, nose tip, left and right corner of the mouth, as they lie in the "
            "picture; null where the detector gives none"
        ),
    ]
    embedding: Embedding
    pose_degrees: PoseDegrees
    expression: Expression
    quality: Annotated[Quality | None, Field(description="null only where a worker of the version before has read it")]

    @classmethod
    def of(cls, face: interface.Face) -> Self:
        """The JSON shape of a face that inference found."""
        return cls(
            box=face.box,
            score=face.score,
            landmarks=None if face.landmarks is None else list(face.landmarks),
            embedding=Embedding.of(face.embedding, face.model),
            pose_degrees=PoseDegrees(**face.pose_degrees),
            expression=Expression(face.label, dict(face.expression)),
            quality=None if face.quality is None else Quality.of(face.quality),
        )


class Problem(BaseModel):
    """A failure (RFC 9457) with a stable code and a sentence that says what to do."""

    type: Literal["about:blank"]
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["No face was found in the picture; send one that shows a face."])
    instance: str = Field(examples=["/embed"])
    code: str = Field(examples=["no_face"])
    request_id: str
    details: dict[str, Any] | None = Field(None, description="facts beside the sentence, such as the limit passed")
