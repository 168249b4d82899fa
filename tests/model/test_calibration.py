"""Decisions from similarities."""

import math

import numpy as np
import pytest

from model.attributes import Attribute
from model.calibration import Calibration, cosine_classifier

EAST, NORTH, UP = np.eye(32, dtype=np.float32)[:3]
MEANS = {"neutral": EAST, "happiness": NORTH, "anger": UP}
THREE = Calibration(expression_means=MEANS, expression_classifier=cosine_classifier(MEANS, 2.0))


def test_the_probability_is_a_logistic_curve() -> None:
    calibration = Calibration(threshold=0.4, slope=5.0)
    assert calibration.same_person_probability(0.4) == 0.5
    assert calibration.same_person_probability(0.6) == pytest.approx(1 / (1 + math.exp(-1)))
    for away in (0.1, 0.5, 1.0):
        there, back = (calibration.same_person_probability(0.4 + sign * away) for sign in (1, -1))
        assert there + back == pytest.approx(1.0)
        assert there > 0.5


def test_no_similarity_overflows() -> None:
    assert Calibration(slope=1e6).same_person_probability(-1.0) == 0.0
    assert Calibration(slope=1e6).same_person_probability(1.0) == 1.0


def test_expression_probabilities_by_hand() -> None:
    found = THREE.expression_probabilities(EAST)
    share = math.exp(2) / (math.exp(2) + 2)
    assert found["neutral"] == pytest.approx(share)
    assert found["happiness"] == found["anger"] == pytest.approx((1 - share) / 2)
    assert list(found) == ["neutral", "happiness", "anger"]


def test_a_constant_counts_for_its_label_wherever_a_face_lies() -> None:
    weights = {"neutral": np.append(EAST, 0.0), "happiness": np.append(NORTH, 1.0)}
    found = Calibration(expression_classifier=weights).expression_probabilities(UP)
    assert found["happiness"] / found["neutral"] == pytest.approx(math.e)


def test_expression_probabilities_sum_to_one() -> None:
    directions = np.random.default_rng(3).normal(size=(20, 32)).astype(np.float32)
    for direction in directions:
        assert sum(THREE.expression_probabilities(direction).values()) == pytest.approx(1.0)
    assert Calibration().expression_probabilities(EAST) == {}


def test_presets_are_the_class_means() -> None:
    assert list(THREE.presets) == [Attribute.EXPRESSION]
    np.testing.assert_array_equal(THREE.presets[Attribute.EXPRESSION]["happiness"], NORTH)
