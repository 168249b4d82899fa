"""OpenAPI descriptions of request bodies that come in several media types, and of problems."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from model.errors import FacetError
from service.body.request_body import FORM
from service.problems import PROBLEM_MEDIA_TYPE, STATUS
from service.responses.pictures import JSON, MSGPACK, PNG
from service.schemas import Problem

Schema = Mapping[str, Any]

PICTURE: Schema = {"type": "string", "format": "binary", "description": "a JPEG, PNG or WebP file"}
PICTURES: Schema = {"type": "array", "items": PICTURE, "minItems": 1}
TEXT: Schema = {"type": "string"}
EMBEDDING: Schema = {"$ref": "#/components/schemas/Embedding"}
PACKED: Schema = {
    "type": "string",
    "format": "binary",
    "description": "A msgpack map with what the form or the JSON object may hold. Bytes, or a list of bytes, are "
    "pictures; each part of an embedding may be the bytes of its float32 numbers, little-endian.",
}
BUSY = (429, 503)
"""The statuses whose answers say when to try again."""


def json_text(schema: Schema, description: str) -> Schema:
    """The field of a form that holds a value as JSON."""
    return {"type": "string", "contentMediaType": JSON, "contentSchema": schema, "description": description}


def schema_of(model: type[BaseModel]) -> Schema:
    """The schema of a model that only a request has; what it refers to must be part of some answer too."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {name: value for name, value in schema.items() if name != "$defs"}


def request_body(
    form: Mapping[str, Schema],
    needs: Sequence[str] = (),
    *,
    raw: bool = False,
    json: Mapping[str, Schema] | None = None,
    json_needs: Sequence[str] = ("embedding",),
    json_example: Sequence[str] = (),
    json_rules: Schema | None = None,
    rules: Schema | None = None,
    required: bool = True,
) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body by `service.body.request_body`.

    `form` and `json` are the properties of the multipart form and of the JSON object, `needs` and `json_needs` those
    that must be there and `json_example` those that the example has, if not all; `raw` says that the body may also be
    the one picture itself. `rules` are further keywords of both schemas, and `json_rules` of the JSON object's.
    """
    content: dict[str, Any] = {FORM: {"schema": _object(form, needs, rules)}}
    if raw:
        content["image/*"] = {"schema": PICTURE}
    if json:
        content[JSON] = {"schema": _object(json, json_needs, rules, json_rules), "example": list(json_example)}
    content[MSGPACK] = {"schema": PACKED}
    return {"requestBody": {"content": content, "required": required}}


def _object(properties: Mapping[str, Schema], needs: Sequence[str], *rules: Schema | None) -> Schema:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "required": list(needs)}
    for more in rules:
        schema |= more or {}
    return schema


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The failures of a route, each described by the codes that it may carry."""
    return {status: _problem_response(status) for status in statuses}


def _problem_response(status: int) -> dict[str, Any]:
    errors = {error.code: error for error, at in STATUS.items() if at == status and error is not FacetError}
    answer: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in errors)}".rstrip(": "),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{Problem.__name__}"},
                "examples": {code: {"value": _problem(status, error)} for code, error in errors.items()},
            }
        },
    }
    if status in BUSY:
        seconds = {"schema": {"type": "integer"}, "description": "seconds after which to try again"}
        answer["headers"] = {"Retry-After": seconds}
    return answer


def _problem(status: int, error: type[FacetError]) -> dict[str, Any]:
    """A problem as an example; its sentence is what the error says of itself."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": (error.__doc__ or "").partition("\n")[0],
        "instance": "/embed",
        "code": error.code,
        "request_id": "5f0f3d0c6e5b4c0f9d7e2a1b3c4d5e6f",
    }


PICTURE_PROBLEMS = problem_responses(413, 415, 422, 503)
"""What may go wrong on every route that takes a picture."""

DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A PNG marked as synthetic, or JSON if the Accept header prefers it",
        "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"X-Facet-Synthetic": {"schema": {"type": "string", "const": "true"}}},
    }
}
"""What every route that draws answers."""
