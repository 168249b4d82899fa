"""The gallery query of a request, made of its embeddings, attributes with weights, and filters."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict, JsonValue

from gallery.query import Query, Term
from model.attributes import Attribute, Vector, join, part, split
from model.errors import InvalidRequest, TooLarge
from service.body.request_body import Inputs
from service.openapi.descriptions import EMBEDDING, Schema, schema_of
from service.schemas import known_attribute, sentence_of
from service.search.filter import GroupBy

WEIGHT = r"-?(?!0+(\.0*)?([eE]|$))([0-9]{1,3}(\.[0-9]+)?|1000(\.0+)?)([eE]-[0-9]{1,2})?"
"""A number from -1000 to 1000 and not 0, in the way in which programs write small ones too."""
WEIGHT_IN_WORDS = "a number from -1000 to 1000 and not 0, such as 1 or -0.3"
MAX_TERM = 60
_TERM = re.compile(rf"({'|'.join(Attribute)})(:{WEIGHT})?")


def _at_most_one(attribute: Attribute) -> JsonValue:
    """The schema of a list in which an attribute comes at most once."""
    return {"contains": {"pattern": f"^{attribute}"}, "minContains": 0, "maxContains": 1}


WEIGHTED: JsonDict = {
    "items": {"type": "string", "maxLength": MAX_TERM, "pattern": f"^{_TERM.pattern}$"},
    "minItems": 1,
    "maxItems": len(Attribute),
    "allOf": [_at_most_one(attribute) for attribute in Attribute],
    "examples": [["identity:1", "style:-0.3"]],
}
"""The schema of attributes with their weights: each of them at most once."""

_ABSENT = {"type": "null"}
_EITHER: list[Any] = [
    {"required": ["embedding"], "properties": {"face": _ABSENT}},
    {"required": ["face"], "properties": {"face": {"type": "string"}}, "not": {"required": ["embedding"]}},
]


class Question(BaseModel):
    """One query of a batch: an `embedding` or the id of an enrolled `face`, and what the URL says for all queries.

    A field that is left out is as the URL has it.
    """

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"oneOf": _EITHER})

    embedding: Any = None
    face: str | None = Field(None, description="the id of an enrolled face, which is itself left out of the results")
    attr: list[str] = Field([Attribute.IDENTITY.value], json_schema_extra=WEIGHTED)
    k: int = Field(10, ge=1)
    collection: str | None = None
    subject: str | None = None
    metadata: dict[str, Any] = {}
    min_similarity: float | None = Field(None, allow_inf_nan=False)
    max_degrees: float | None = Field(None, ge=0, allow_inf_nan=False)
    min_quality: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    group_by: GroupBy | None = None

    @property
    def own(self) -> dict[str, Any]:
        """What the question itself says beside its face."""
        return self.model_dump(exclude_unset=True, exclude={"embedding", "face"})


_SCHEMA = schema_of(Question)
QUESTION: Schema = {**_SCHEMA, "properties": {**_SCHEMA["properties"], "embedding": EMBEDDING}}
"""How the OpenAPI document shows a question."""


def questions_of(inputs: Inputs, limit: int) -> list[Question]:
    """The questions in the field `queries`. Raises InvalidRequest, and TooLarge for more than `limit`."""
    if len(inputs.fields) > 1 or inputs.pictures:
        raise InvalidRequest("A batch of `queries` stands alone in its body.")
    value = inputs.json("queries")
    if not isinstance(value, list) or not value:
        raise InvalidRequest("`queries` must be a list of at least one query.")
    if len(value) > limit:
        raise TooLarge(f"{len(value)} queries in one request; the limit is {limit}.", max_queries=limit)
    return [_question(place, item) for place, item in enumerate(value)]


def _question(place: int, value: Any) -> Question:
    try:
        question = Question.model_validate(value)
    except ValidationError as error:
        raise InvalidRequest(f"queries[{place}] is not valid: {sentence_of(error)}.") from error
    if (question.embedding is None) == (question.face is None):
        raise InvalidRequest(f"queries[{place}] must have either an `embedding` or a `face`.")
    return question


def query_for(
    embedding: Vector, attr: list[str], lent: Mapping[Attribute, Vector] | None = None, **fields: Any
) -> Query:
    """The gallery's query for faces like an embedding `(99,)`, but for the attributes that others `(99,)` lend it.

    `attr` are the parameters that name attributes with their weights, `fields` those of the query itself. Raises
    UnknownAttribute, and InvalidRequest for an attribute that is named twice and for all that is no query.
    """
    lent = lent or {}
    weights = {**dict.fromkeys(lent, 1.0), **_weights(attr)}
    meant = join({**split(embedding), **{attribute: part(other, attribute) for attribute, other in lent.items()}})
    terms = tuple(Term(attribute, part(meant, attribute), weight) for attribute, weight in weights.items())
    return Query(terms, reference=meant, **fields)


def _weights(attr: list[str]) -> dict[Attribute, float]:
    """The weight of each attribute that `attr` names, 1 where it gives none."""
    weights: dict[Attribute, float] = {}
    for entry in attr:
        name, _, weight = entry.partition(":")
        attribute = known_attribute(name)
        if len(entry) > MAX_TERM or not _TERM.fullmatch(entry):
            raise InvalidRequest(f"attr gives {attribute} the weight {weight!r}; it must be {WEIGHT_IN_WORDS}.")
        if attribute in weights:
            raise InvalidRequest(f"attr names {attribute} twice; name it once, with the weight that it should have.")
        weights[attribute] = float(weight or 1.0)
    return weights
