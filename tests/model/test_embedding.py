"""The ways between embeddings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.attributes import SPACES, Attribute, Vector
from model.embedding import blend, line, slerp

EAST, NORTH = np.eye(32, dtype=np.float32)[:2]


def units(*shape: int, seed: int = 0) -> Vector:
    numbers = np.random.default_rng(seed).normal(size=(*shape, 32))
    return np.asarray(numbers / np.linalg.norm(numbers, axis=-1, keepdims=True), np.float32)


@pytest.mark.parametrize("amount", [-1.0, 0.25, 0.5, 1.5, 2.0])
def test_slerp_goes_along_the_circle_at_constant_speed(amount: float) -> None:
    angle = amount * math.pi / 2
    expected = math.cos(angle) * EAST + math.sin(angle) * NORTH
    np.testing.assert_allclose(slerp(EAST, NORTH, amount), expected, atol=1e-7)


def test_slerp_is_shoemakes_formula() -> None:
    a, b = units(2, 50)
    angle = np.arccos(np.sum(a * b, axis=-1, keepdims=True, dtype=np.float64))
    expected = (np.sin(0.3 * angle) * b + np.sin(0.7 * angle) * a) / np.sin(angle)
    np.testing.assert_allclose(slerp(a, b, 0.3), expected, atol=1e-6)


def test_the_ends_are_exact() -> None:
    a, b = units(2, 5)
    np.testing.assert_array_equal(slerp(a, b, 0.0), a)
    np.testing.assert_array_equal(slerp(a, b, 1.0), b)
    np.testing.assert_array_equal(line(a, b, 0.0), a)
    np.testing.assert_array_equal(line(a, b, 1.0), b)
    slerp(a, b, 1.0)[...] = 0.0
    assert np.linalg.norm(b) > 0  # a copy


@given(seed=st.integers(0, 2**32 - 1), amount=st.floats(-2, 2), closeness=st.sampled_from([1.0, 1e-3, 1e-5, 1e-7, 0.0]))
def test_slerp_stays_on_the_sphere_and_moves_by_its_share(seed: int, amount: float, closeness: float) -> None:
    a, other = units(2, seed=seed).astype(np.float64)
    for sign in (1, -1):  # near a, and near its opposite
        b = sign * a + closeness * other
        b /= np.linalg.norm(b)
        start, end = a.astype(np.float32), b.astype(np.float32)
        point = slerp(start, end, amount).astype(np.float64)
        assert np.linalg.norm(point) == pytest.approx(1.0, abs=1e-6)
        angle = 2 * math.atan2(np.linalg.norm(b - a), np.linalg.norm(b + a))
        # The cosine of the angle gone, which is amount times the whole.
        assert point @ a == pytest.approx(math.cos(amount * angle), abs=1e-6)


def test_opposite_vectors_have_one_way() -> None:
    a = units(3)
    halfway = slerp(a, -a, 0.5)
    np.testing.assert_array_equal(halfway, slerp(a, -a, 0.5))
    np.testing.assert_allclose(np.sum(a * halfway, axis=-1), 0.0, atol=1e-6)
    np.testing.assert_allclose(slerp(a, -a, 0.999999), -a, atol=1e-5)


def test_rows_of_a_stack_are_independent() -> None:
    a, b = units(2, 4)
    b[1], b[2] = a[1], -a[2]  # equal and opposite rows among ordinary ones
    together = slerp(a, b, 0.4)
    for row in range(4):
        np.testing.assert_array_equal(together[row], slerp(a[row], b[row], 0.4))
    np.testing.assert_allclose(together[1], a[1], atol=1e-7)


def test_blend_takes_the_way_of_the_attributes_space() -> None:
    for attribute, space in SPACES.items():
        a, b = np.eye(space.size, dtype=np.float32)[:2]
        middle = blend(attribute, a, b, 0.5)
        length = 1.0 if attribute is not Attribute.POSE else math.sqrt(0.5)
        assert np.linalg.norm(middle) == pytest.approx(length, abs=1e-6)
    pose = blend(Attribute.POSE, np.float32([0.1, 0.0, 0.2]), np.float32([0.3, -0.2, 0.2]), 1.5)
    np.testing.assert_allclose(pose, [0.4, -0.3, 0.2], atol=1e-7)
