"""Means and movements on the sphere and in plain space."""

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, Vector, part
from model.engine.dummy import DummyModel
from model.errors import InvalidRequest
from worker.stimuli.geometry import angle_between, aside, between, distances, mean_of, moved, with_part

UNIT = [attribute for attribute, space in SPACES.items() if space.unit]


def vectors(attribute: Attribute, count: int, seed: int = 0) -> Vector:
    return part(DummyModel().sample(count, seed), attribute)


@pytest.mark.parametrize("attribute", UNIT)
def test_a_mean_on_the_sphere_is_the_closest_point_to_all(attribute: Attribute) -> None:
    some = vectors(attribute, 5)
    mean = mean_of(attribute, some)
    assert np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-6)
    best = float((some @ mean).sum())
    for other in vectors(attribute, 200, seed=1):
        nudged = mean + 0.05 * other
        assert float((some @ (nudged / np.linalg.norm(nudged))).sum()) < best
    np.testing.assert_allclose(mean_of(attribute, some[:1]), some[0], atol=1e-6)
    doubled = np.concatenate([some, some[:1]])
    np.testing.assert_allclose(
        mean_of(attribute, some, np.array([2, 1, 1, 1, 1], np.float32)), mean_of(attribute, doubled), atol=1e-6
    )
    with pytest.raises(InvalidRequest):
        mean_of(attribute, np.stack([some[0], -some[0]]))


def test_a_mean_of_poses_is_the_plain_one() -> None:
    some = vectors(Attribute.POSE, 5)
    np.testing.assert_allclose(mean_of(Attribute.POSE, some), some.mean(axis=0), atol=1e-6)
    weights = np.array([0, 0, 2, 0, 0], np.float32)
    np.testing.assert_allclose(mean_of(Attribute.POSE, some, weights), some[2], atol=1e-6)


@pytest.mark.parametrize("attribute", list(Attribute))
@pytest.mark.parametrize("degrees", [-90, -15, 0, 0.1, 60])
def test_a_movement_goes_as_far_as_it_says(attribute: Attribute, degrees: float) -> None:
    point, other = vectors(attribute, 2)
    towards = aside(attribute, point, other)
    there = moved(attribute, point, towards, np.radians(degrees))
    assert float(angle_between(attribute, point, there)) == pytest.approx(np.radians(abs(degrees)), abs=1e-5)
    if SPACES[attribute].unit:
        assert abs(float(point @ towards)) < 1e-6
        assert np.linalg.norm(there) == pytest.approx(1.0, abs=1e-6)


def test_from_a_pole_a_direction_may_lead_nowhere() -> None:
    point = vectors(Attribute.STYLE, 1)[0]
    with pytest.raises(InvalidRequest):
        aside(Attribute.STYLE, point, 3 * point)
    with pytest.raises(InvalidRequest):
        aside(Attribute.POSE, vectors(Attribute.POSE, 1)[0], np.zeros(3, np.float32))


def test_what_is_not_moved_stays_bit_equal() -> None:
    a, b = DummyModel().sample(2, 3)
    halfway = between(a, b, 0.5, (Attribute.IDENTITY,))
    taken = with_part(a, Attribute.IDENTITY, part(b, Attribute.IDENTITY))
    for attribute in Attribute:
        assert (part(halfway, attribute) == part(a, attribute)).all() == (attribute is not Attribute.IDENTITY)
    np.testing.assert_array_equal(between(a, b, 1.0, (Attribute.IDENTITY,)), taken)
    whole = float(distances(a, b, tuple(Attribute)))
    parts = [float(distances(a, b, (attribute,))) for attribute in Attribute]
    assert whole == pytest.approx(np.sqrt(np.square(parts).sum()))
