"""The space that FAISS searches: an embedding lifted so that every similarity is an inner product.

On the sphere the cosine is one already. The similarity of two poses is 1 - d²/2 = q·p - |p|²/2 + (1 - |q|²/2): an
inner product of (q, -1/2) and (p, |p|²), and a constant that ranks nothing.
"""

from collections.abc import Sequence

import numpy as np

from gallery.query import Query
from model.attributes import SPACES, Attribute, Vector, part

WHOLE = tuple(Attribute)


def width(attributes: Sequence[Attribute]) -> int:
    """How many numbers these attributes have when lifted."""
    return sum(_width(attribute) for attribute in attributes)


def lift(embeddings: Vector, attributes: Sequence[Attribute]) -> Vector:
    """The lifted attributes `(n, width)` of embeddings `(n, 99)`."""
    columns = []
    for attribute in attributes:
        vectors = part(embeddings, attribute)
        columns.append(vectors)
        if not SPACES[attribute].unit:
            columns.append(np.sum(vectors.astype(np.float64) ** 2, axis=-1, keepdims=True))
    return np.concatenate(columns, axis=-1, dtype=np.float32)


def lower(lifted: Vector) -> Vector:
    """The embeddings `(n, 99)` whose lifted attributes, all of them, these are `(n, width)`."""
    return np.take(lifted, _KEPT, axis=1)


def cut(lifted: Vector) -> dict[Attribute, Vector]:
    """The lifted attributes `(..., width)` of what is lifted whole, as views."""
    parts, start = {}, 0
    for attribute in WHOLE:
        parts[attribute] = lifted[..., start : start + _width(attribute)]
        start += _width(attribute)
    return parts


def direction(query: Query, attributes: Sequence[Attribute]) -> Vector:
    """The vector `(width,)` whose inner product with a lifted face is its score, less a constant of the query."""
    parts = {attribute: np.zeros(_width(attribute)) for attribute in attributes}
    for term, weight in zip(query.terms, query.weights, strict=True):
        size = SPACES[term.attribute].size
        parts[term.attribute][:size] += weight * term.vector
        parts[term.attribute][size:] -= weight / 2.0
    return np.concatenate(list(parts.values()), dtype=np.float32)


def _width(attribute: Attribute) -> int:
    return SPACES[attribute].size + (not SPACES[attribute].unit)


_KEPT = np.concatenate(
    [numbers[: SPACES[attribute].size] for attribute, numbers in cut(np.arange(width(WHOLE), dtype=np.float32)).items()]
).astype(np.intp)
"""Where the numbers of an embedding lie among those of what is lifted whole."""
