"""Scores, distances and similarities by hand, and what is no query."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from gallery.query import Match, Query, Term
from gallery.records import EnrolledFace
from model.attributes import SPACES, Attribute, Vector, join, part
from model.errors import InvalidEmbedding, InvalidRequest


def _unit(attribute: Attribute, *numbers: float) -> Vector:
    """A sub-vector that starts with these numbers and goes on with zeros."""
    result = np.zeros(SPACES[attribute].size, np.float32)
    result[: len(numbers)] = numbers
    return result


def _face() -> EnrolledFace:
    parts = {attribute: _unit(attribute, 1.0) for attribute in Attribute}
    parts[Attribute.POSE] = _unit(Attribute.POSE, 0.25, 0.5, 0.0)
    return EnrolledFace("id", 1, "ada", "default", "m1", join(parts), {}, None, datetime.now(UTC))


def _answer(*terms: Term, **fields: Any) -> Match:
    (match,) = Query(terms, **fields).matches([_face()])
    return match


def test_one_attribute_scores_its_similarity_whatever_the_weight() -> None:
    match = _answer(Term(Attribute.IDENTITY, _unit(Attribute.IDENTITY, 0.6, 0.8), weight=0.3))
    assert match.similarity == float(np.float32(0.6))
    assert match.distance == float(np.float32(1) - np.float32(0.6))
    assert match.similarities == {Attribute.IDENTITY: pytest.approx(0.6)}


def test_pose_is_compared_in_radians() -> None:
    match = _answer(Term(Attribute.POSE, _unit(Attribute.POSE, 0.25, 0.0, 0.0)))
    assert match.distance == 0.5
    assert match.similarity == 1 - 0.5**2 / 2


def test_several_terms_are_weighted_by_their_magnitude() -> None:
    match = _answer(
        Term(Attribute.IDENTITY, _unit(Attribute.IDENTITY, 0.6, 0.8), weight=3),
        Term(Attribute.STYLE, _unit(Attribute.STYLE, 0.8, 0.6), weight=-1),
    )
    assert match.similarity == pytest.approx((3 * 0.6 - 0.8) / 4)
    assert match.distance == 1 - match.similarity
    assert match.similarities == {Attribute.IDENTITY: pytest.approx(0.6), Attribute.STYLE: pytest.approx(0.8)}


def test_one_attribute_can_be_asked_for_and_against() -> None:
    match = _answer(
        Term(Attribute.IDENTITY, _unit(Attribute.IDENTITY, 0.6, 0.8)),
        Term(Attribute.IDENTITY, _unit(Attribute.IDENTITY, -0.8, 0.6), weight=-1),
    )
    assert match.similarity == pytest.approx((0.6 + 0.8) / 2)
    assert match.similarities == {Attribute.IDENTITY: pytest.approx((0.6 - 0.8) / 2)}


def test_a_reference_gives_the_similarities_that_no_term_names() -> None:
    match = _answer(Term(Attribute.IDENTITY, _unit(Attribute.IDENTITY, 0.6, 0.8)), reference=_face().embedding)
    assert match.similarities == {
        Attribute.POSE: 1.0,
        Attribute.IDENTITY: pytest.approx(0.6),
        Attribute.EXPRESSION: 1.0,
        Attribute.STYLE: 1.0,
    }


def test_poses_are_near_up_to_the_angle_itself() -> None:
    start = Term(Attribute.POSE, _unit(Attribute.POSE, 0.5, 0.0, 0.0))
    poses = np.array([[0.5, 0, 0], [0.25, 0, 0], [0.5, 0.25, 0], [0.5, 0.2, 0.2]], np.float32)
    assert Query((start,), max_degrees=np.degrees(0.25)).near_in_pose(poses).tolist() == [True, True, True, False]
    assert Query((start,), max_degrees=0).near_in_pose(poses).tolist() == [True, False, False, False]
    assert Query((start,)).near_in_pose(poses).tolist() == [True] * 4
    by_reference = Query(
        (Term(Attribute.STYLE, _unit(Attribute.STYLE, 1.0)),), max_degrees=1, reference=_face().embedding
    )
    assert by_reference.pose is not None
    assert by_reference.pose.tolist() == [0.25, 0.5, 0.0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"terms": ()}, "a search needs at least one attribute"),
        ({"k": 0}, "k must be at least 1, not 0"),
        ({"collection": "a b"}, "collection must be"),
        ({"subject": ""}, "subject must be"),
        ({"min_similarity": float("nan")}, "min_similarity must be a finite number"),
        ({"metadata": {"a": float("nan")}}, "metadata must be plain JSON"),
        ({"max_degrees": -1.0}, "max_degrees must be a finite number, at least 0"),
        ({"max_degrees": float("nan")}, "max_degrees must be a finite number, at least 0"),
        ({"min_quality": 1.1}, "min_quality must be a number from 0 to 1"),
        ({"min_quality": float("nan")}, "min_quality must be a number from 0 to 1"),
        ({"max_degrees": 5.0}, "max_degrees needs a pose to start from"),
    ],
)
def test_what_is_no_query_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Query(**{"terms": (Term(Attribute.STYLE, _unit(Attribute.STYLE, 1.0)),), **fields})
    assert refused.value.message.startswith(message)


@pytest.mark.parametrize("weight", [0.0, 1000.1, float("nan"), float("-inf")])
def test_a_weight_is_a_number_within_bounds(weight: float) -> None:
    with pytest.raises(InvalidRequest, match="a weight must be a number from -1000 to 1000, and not 0"):
        Term(Attribute.STYLE, _unit(Attribute.STYLE, 1.0), weight)


def test_vectors_are_checked(embedding: Callable[[int], Vector]) -> None:
    with pytest.raises(InvalidEmbedding, match="identity has 32 numbers"):
        Term(Attribute.IDENTITY, part(embedding(1), Attribute.POSE))
    with pytest.raises(InvalidEmbedding, match="99 numbers"):
        Query((Term(Attribute.STYLE, _unit(Attribute.STYLE, 1.0)),), reference=embedding(1)[1:])
