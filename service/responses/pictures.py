"""Responses with pictures that the model drew: PNG or JSON by the Accept header, always marked as synthetic."""

from collections.abc import Mapping
from functools import lru_cache

from fastapi import Request, Response
from pydantic import BaseModel

SYNTHETIC = {"X-Facet-Synthetic": "true"}

PNG = "image/png"
JSON = "application/json"
MSGPACK = "application/msgpack"

_RANGES: Mapping[str, str] = {
    JSON: JSON,
    "application/*": JSON,
    MSGPACK: MSGPACK,
    PNG: PNG,
    "image/*": PNG,
}
"""What each range that an Accept header may name is answered with."""


@lru_cache
def preferred(accept: str, usual: str) -> str:
    """The media type that an Accept header prefers; `usual` where it has no preference."""
    best, best_quality = usual, 0.0
    for entry in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in entry.split(";"))
        quality = next((_quality(value) for value in parameters if value.startswith("q=")), 1.0)
        media_type = usual if media_range == "*/*" else _RANGES.get(media_range)
        if media_type is not None and quality > best_quality:
            best, best_quality = media_type, quality
    return best


def wants_json(request: Request) -> bool:
    """Whether the Accept header prefers data, which JSON or msgpack hold, over PNG, which is what is usual."""
    return preferred(request.headers.get("accept", ""), PNG) != PNG


def _quality(parameter: str) -> float:
    """The weight that `q=…` gives, 0 where it is no number."""
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


_MARK = b"DigitalSourceType"
"""In the bytes of every picture that Facet drew, as a part of its XMP metadata."""


def kept_png(image: bytes) -> Response:
    """A picture that was kept: marked as synthetic where Facet drew it, and not to be kept by others.

    A face may be erased at any moment, and its picture with it.
    """
    marks = SYNTHETIC if _MARK in image else {}
    return Response(image, headers={"Cache-Control": "no-store", **marks}, media_type=PNG)


def drawn_png(image: bytes) -> Response:
    """A drawn picture as it is."""
    return Response(image, headers=SYNTHETIC, media_type=PNG)


def drawn_json(answer: BaseModel) -> Response:
    """JSON that holds drawn pictures; fields that are None are left out."""
    return Response(answer.model_dump_json(exclude_none=True), headers=SYNTHETIC, media_type=JSON)
