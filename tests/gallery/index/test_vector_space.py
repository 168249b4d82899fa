"""The lifted space keeps every embedding, and its inner products rank as the scores do."""

from collections.abc import Callable

import numpy as np
import pytest

from gallery.index.vector_space import WHOLE, directions, lift, whole, width
from gallery.query import Query, Term
from model.attributes import Attribute, Vector, part


def _parts(embeddings: Vector) -> dict[Attribute, Vector]:
    return {attribute: part(embeddings, attribute) for attribute in Attribute}


def test_a_pose_is_lifted_by_its_square(embedding: Callable[[int], Vector]) -> None:
    embeddings = np.stack([embedding(seed) for seed in range(20)])
    lifted = lift(_parts(embeddings), WHOLE)
    assert lifted.shape == (20, width(WHOLE)) == (20, 100)
    assert np.array_equal(lifted[:, :3], embeddings[:, :3])
    assert np.array_equal(lifted[:, 4:], embeddings[:, 3:])
    np.testing.assert_allclose(lifted[:, 3], np.square(embeddings[:, :3]).sum(axis=1), rtol=1e-6)


@pytest.mark.parametrize("weights", [{Attribute.POSE: 1.0}, {Attribute.STYLE: -2.0}, dict.fromkeys(Attribute, -0.7)])
def test_inner_products_are_scores_less_a_constant(
    embedding: Callable[[int], Vector], weights: dict[Attribute, float]
) -> None:
    embeddings = np.stack([embedding(seed) for seed in range(50)])
    asked = embedding(99)
    query = Query(tuple(Term(attribute, part(asked, attribute), weight) for attribute, weight in weights.items()))
    for attributes in (query.attributes, WHOLE):
        products = lift(_parts(embeddings), attributes) @ whole(directions(query), attributes)
        constant = query.scores(embeddings) - products
        np.testing.assert_allclose(constant, constant[0], atol=1e-5)
