"""What the bodies of the routes of stimuli hold."""

from typing import Any

from service.openapi.descriptions import EMBEDDING

MAX_FACES = 1000
"""Embeddings in one list; of pictures, a request has `max_images`."""

JSON_TEXT: dict[str, Any] = {"type": "string", "contentMediaType": "application/json"}
FACES: dict[str, Any] = {"type": "array", "items": EMBEDDING, "minItems": 1, "maxItems": MAX_FACES}
RATINGS: dict[str, Any] = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": MAX_FACES}
GROUPS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string"},
    "maxItems": MAX_FACES,
    "description": "whom each face shows; faces of one group are never on both sides of the cross-validation",
}
