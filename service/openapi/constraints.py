"""Bounds added to the OpenAPI document: of the gallery's names and ids, and those that the configuration sets."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from service.routing.parameters import TEXT_BOUNDS

Json = dict[str, Any]

_LARGEST = {
    "count": "max_generate",
    "k": "max_k",
    "limit": "max_page",
    "max_faces": "max_faces",
    "people": "max_generate",
    "steps": "max_generate",
}
_LONGEST = {
    "among": "max_images",
    "edits": "max_edits",
    "faces": "max_images",
    "image": "max_images",
    "queries": "max_queries",
    "source": "max_images",
}
"""The limits of numbers and of lists."""


def constrained(document: Json, limits: Mapping[str, int]) -> Json:
    """A document in which parameters and the fields of bodies have their bounds."""
    document = deepcopy(document)  # bodies are constants that every application shares
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                _constrain(parameter["name"], parameter["schema"], limits)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _constrain_fields(content["schema"], limits)
    return document


def _constrain_fields(schema: Json, limits: Mapping[str, int]) -> None:
    for name, field in schema.get("properties", {}).items():
        _constrain(name, field, limits)


def _constrain(name: str, schema: Json, limits: Mapping[str, int]) -> None:
    for kind in schema.get("anyOf", [schema]):
        match kind.get("type"):
            case "string" if "contentSchema" in kind:
                _constrain(name, kind["contentSchema"], limits)
            case "string" if name in TEXT_BOUNDS and kind.get("format") != "binary":
                kind.update(TEXT_BOUNDS[name])
            case "integer" if name in _LARGEST:
                kind["maximum"] = limits[_LARGEST[name]]
            case "array":
                if name in _LONGEST and "maxItems" not in kind:
                    kind["maxItems"] = limits[_LONGEST[name]]
                _constrain_fields(kind["items"], limits)
