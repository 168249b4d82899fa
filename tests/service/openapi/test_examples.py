from typing import Any

import pytest

from service.openapi.examples import example_of

SCHEMAS: dict[str, Any] = {
    "Colour": {"type": "string", "enum": ["red", "blue"]},
    "Point": {
        "type": "object",
        "properties": {"x": {"type": "number", "examples": [2.5]}, "colour": {"$ref": "#/components/schemas/Colour"}},
    },
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "examples": [7], "example": 8, "default": 9}, 8),
        ({"type": "integer", "default": 9, "examples": [7]}, 9),
        ({"type": "integer", "default": 0}, 0),
        ({"const": "subject"}, "subject"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"$ref": "#/components/schemas/Point"}, {"x": 2.5, "colour": "red"}),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2}, [0.5, 0.5]),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, [1, "text"]),
        (
            {
                "type": "object",
                "propertyNames": {"$ref": "#/components/schemas/Colour"},
                "additionalProperties": {"type": "integer"},
            },
            {"red": 1, "blue": 1},
        ),
        ({"type": "object", "additionalProperties": {"type": "null"}}, {"name": None}),
        ({"type": "object", "additionalProperties": True}, {}),
        ({"type": "string", "format": "date-time"}, "2026-01-31T12:00:00Z"),
        ({}, {}),
    ],
)
def test_an_example_is_the_schemas_own_or_made_of_its_parts(schema: dict[str, Any], expected: Any) -> None:
    assert example_of(schema, SCHEMAS) == expected
