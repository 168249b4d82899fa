"""The space that FAISS searches: an embedding lifted so that every similarity is an inner product.

On the sphere the cosine is one already. The similarity of two poses is 1 - d²/2 = q·p - |p|²/2 + (1 - |q|²/2): an
inner product of (q, -1/2) and (p, |p|²), and a constant that ranks nothing.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gallery.query import Query
from model.attributes import SPACES, Attribute, Vector

WHOLE = tuple(Attribute)
MARGIN = 1e-4
"""More than two scores, summed in float32 and in another order, can be off together."""


def width(attributes: Sequence[Attribute]) -> int:
    """How many numbers these attributes have when lifted."""
    return sum(_width(attribute) for attribute in attributes)


def lift(vectors: Mapping[Attribute, Vector], attributes: Sequence[Attribute]) -> Vector:
    """The lifted attributes `(n, width)` of sub-vectors `(n, size)`."""
    columns = []
    for attribute in attributes:
        columns.append(vectors[attribute])
        if not SPACES[attribute].unit:
            columns.append(np.sum(vectors[attribute].astype(np.float64) ** 2, axis=-1, keepdims=True))
    return np.concatenate(columns, axis=-1, dtype=np.float32)


def directions(query: Query) -> dict[Attribute, Vector]:
    """By attribute the vectors `(width,)` whose inner products with a lifted face sum to its score, less a constant."""
    parts = {attribute: np.zeros(_width(attribute)) for attribute in query.attributes}
    for term, weight in zip(query.terms, query.weights, strict=True):
        size = SPACES[term.attribute].size
        parts[term.attribute][:size] += weight * term.vector
        parts[term.attribute][size:] -= weight / 2.0
    return {attribute: vector.astype(np.float32) for attribute, vector in parts.items()}


def whole(parts: Mapping[Attribute, Vector], attributes: Sequence[Attribute]) -> Vector:
    """The direction `(width,)` in the space of these attributes, zero where it has no part."""
    return np.concatenate(
        [parts.get(attribute, np.zeros(_width(attribute), np.float32)) for attribute in attributes], dtype=np.float32
    )


def _width(attribute: Attribute) -> int:
    return SPACES[attribute].size + (not SPACES[attribute].unit)
