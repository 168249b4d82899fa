"""Examples for the OpenAPI document, put together from those of the fields."""

from collections.abc import Mapping
from typing import Any

Schemas = Mapping[str, Any]

_BY_TYPE: Mapping[str, Any] = {"number": 0.5, "integer": 1, "boolean": True, "string": "text", "null": None}
_BY_FORMAT: Mapping[str, str] = {"date-time": "2026-01-31T12:00:00Z"}
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""A PNG of one grey pixel."""


def example_of(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    """A value that a schema allows: its own example where it has one, else one made of those of its parts.

    `schemas` are the components that it may refer to.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for given in ("example", "const", "default"):
        if schema.get(given) is not None:
            return schema[given]
    for several in ("examples", "enum"):
        if several in schema:
            return schema[several][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            items = schema.get("prefixItems") or [schema["items"]] * max(schema.get("minItems", 0), 1)
            return [example_of(item, schemas) for item in items]
        case "string" if "contentEncoding" in schema:
            return _PIXEL
        case kind:
            return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(str(kind), {}))


def _object(schema: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    """An object with every property; one with free names has those that the schema allows."""
    made = {name: example_of(item, schemas) for name, item in schema.get("properties", {}).items()}
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        names = schema.get("propertyNames", {})
        known = schemas[names["$ref"].rpartition("/")[2]]["enum"] if "$ref" in names else ["name"]
        made |= {name: example_of(values, schemas) for name in known}
    return made
