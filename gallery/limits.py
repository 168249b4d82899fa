"""What the gallery accepts: names, metadata and embeddings."""

import json
import math
import re
from typing import Any

import numpy as np

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, Vector, part
from model.errors import InvalidEmbedding, InvalidRequest

MAX_SUBJECT = 200
MAX_COLLECTION = 64
MAX_MODEL = 200
MAX_METADATA_BYTES = 16 * 1024
MAX_METADATA_DEPTH = 32
MAX_PAGE = 1000

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLLECTION = re.compile(r"[A-Za-z0-9_.-]+")
_LENGTH_TOLERANCE = 1e-3


def check_subject(subject: str) -> None:
    """Raises InvalidRequest unless it is 1 to 200 characters of storable text."""
    _check_text("subject", subject, MAX_SUBJECT)


def check_collection(name: str) -> None:
    """Raises InvalidRequest unless it is 1 to 64 letters, digits, dots, hyphens and underscores."""
    if not _COLLECTION.fullmatch(name) or len(name) > MAX_COLLECTION:
        raise InvalidRequest(
            f"collection must be 1 to {MAX_COLLECTION} letters, digits, dots, hyphens or underscores",
            limit=MAX_COLLECTION,
        )


def check_model(model: str) -> None:
    """Raises InvalidRequest unless it is 1 to 200 characters of storable text."""
    _check_text("model", model, MAX_MODEL)


def is_id(text: str) -> bool:
    """Whether it could be the id of a face or of a job: a UUID in lower case."""
    return _ID.fullmatch(text) is not None


def check_id(id: str) -> None:
    """Raises InvalidRequest unless `is_id`."""
    if not is_id(id):
        raise InvalidRequest(f"{id!r} is no id; ids are UUIDs in lower case")


def check_metadata(metadata: dict[str, Any]) -> None:
    """Raises InvalidRequest unless it is a JSON object of at most 16 KB and 32 levels."""
    if not isinstance(metadata, dict):
        raise InvalidRequest("metadata must be a JSON object")
    try:
        depth = _depth(metadata)
        size = len(json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"metadata must be plain JSON: {error}") from error
    if size > MAX_METADATA_BYTES:
        raise InvalidRequest(
            f"metadata is {size} bytes of JSON; the limit is {MAX_METADATA_BYTES}", limit=MAX_METADATA_BYTES
        )
    if depth > MAX_METADATA_DEPTH:
        raise InvalidRequest(
            f"metadata is {depth} levels deep; the limit is {MAX_METADATA_DEPTH}", limit=MAX_METADATA_DEPTH
        )


def check_quality(quality: float) -> None:
    """Raises InvalidRequest unless it is a finite number."""
    if not math.isfinite(quality):
        raise InvalidRequest("quality must be a finite number")


def check_min_quality(least: float) -> None:
    """Raises InvalidRequest unless it is a number from 0 to 1."""
    if not 0.0 <= least <= 1.0:
        raise InvalidRequest("min_quality must be a number from 0 to 1")


def check_limit(name: str, value: int, most: int) -> None:
    """Raises InvalidRequest unless 1 <= value <= most."""
    if not 1 <= value <= most:
        raise InvalidRequest(f"{name} must be 1 to {most}, not {value}", limit=most)


def checked_embedding(embedding: Vector) -> Vector:
    """The embedding `(99,)` as float32; raises InvalidEmbedding if one of its parts is not what it should be."""
    result = np.asarray(embedding, np.float32)
    if result.shape != (EMBEDDING_SIZE,):
        raise InvalidEmbedding(f"an embedding has {EMBEDDING_SIZE} numbers, not an array of shape {result.shape}")
    for attribute in Attribute:
        checked_part(attribute, part(result, attribute))
    return result


def checked_part(attribute: Attribute, vector: Vector) -> Vector:
    """One sub-vector `(size,)` as float32.

    Raises InvalidEmbedding for a wrong size, numbers that are not finite, an angle beyond ±π, or a unit sub-vector
    whose length is not 1. The search relies on these bounds.
    """
    space = SPACES[attribute]
    result = np.asarray(vector, np.float32)
    if result.shape != (space.size,):
        raise InvalidEmbedding(f"{attribute} has {space.size} numbers, not an array of shape {result.shape}")
    if not np.isfinite(result).all():
        raise InvalidEmbedding(f"{attribute} holds a number that is not finite")
    if not space.unit:
        if (np.abs(result) > np.pi).any():
            raise InvalidEmbedding(f"{attribute} has an angle beyond ±π; angles are in radians")
    elif abs(np.linalg.norm(result.astype(np.float64)) - 1.0) > _LENGTH_TOLERANCE:
        raise InvalidEmbedding(f"{attribute} must have length 1")
    return result


def _check_text(name: str, text: str, most: int) -> None:
    if not 1 <= len(text) <= most:
        raise InvalidRequest(f"{name} must be 1 to {most} characters, not {len(text)}", limit=most)
    # Neither database stores a lone surrogate, and PostgreSQL stores no zero character.
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest(f"{name} holds a character that is not text")


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
