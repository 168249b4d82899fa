"""Checks embeddings that come from callers."""

from dataclasses import replace

import numpy as np

from model.attributes import Vector, normalized
from model.edits import Edit
from model.errors import InvalidEmbedding


def valid(embedding: Vector) -> Vector:
    """An embedding `(99,)` from outside with its unit parts made unit. Raises InvalidEmbedding."""
    if np.ndim(embedding) != 1:
        raise InvalidEmbedding("An embedding is one list of numbers.")
    try:
        with np.errstate(over="ignore"):  # beyond float32 it becomes infinite, which is refused in words
            return normalized(embedding)
    except ValueError as error:
        raise InvalidEmbedding(f"The embedding cannot be used: {error}.") from error


def with_valid_source(edit: Edit) -> Edit:
    """An edit whose source, where it is an embedding, is valid. Raises InvalidEmbedding."""
    if edit.source is None or isinstance(edit.source, int):
        return edit
    return replace(edit, source=valid(edit.source))
