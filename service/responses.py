"""Answers that hold pictures drawn by the model: as PNG or as JSON, and always marked as synthetic."""

import base64
from collections.abc import Mapping

from fastapi import Request, Response
from pydantic import BaseModel

SYNTHETIC = {"X-Facet-Synthetic": "true"}

PNG = "image/png"
JSON = "application/json"

_RANGES: Mapping[str, str] = {JSON: JSON, "application/*": JSON, PNG: PNG, "image/*": PNG, "*/*": PNG}
"""What each range that an Accept header may name is answered with."""


def wants_json(request: Request) -> bool:
    """Whether the Accept header prefers JSON over PNG; without a preference the answer is PNG."""
    best, best_quality = PNG, 0.0
    for entry in request.headers.get("accept", "").split(","):
        media_range, *parameters = (piece.strip().lower() for piece in entry.split(";"))
        quality = next((_quality(value) for value in parameters if value.startswith("q=")), 1.0)
        if media_range in _RANGES and quality > best_quality:
            best, best_quality = _RANGES[media_range], quality
    return best == JSON


def _quality(parameter: str) -> float:
    """The weight that `q=…` gives, 0 where it is no number."""
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def drawn_png(image: bytes) -> Response:
    """A drawn picture as it is."""
    return Response(image, headers=SYNTHETIC, media_type=PNG)


def drawn_json(answer: BaseModel) -> Response:
    """JSON that holds drawn pictures; fields that are None are left out."""
    return Response(answer.model_dump_json(exclude_none=True), headers=SYNTHETIC, media_type=JSON)


def in_base64(image: bytes) -> str:
    """A picture as JSON carries it."""
    return base64.b64encode(image).decode()
