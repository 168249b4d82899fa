from dataclasses import replace

import numpy as np
import pytest

from model.attributes import Attribute, part
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.faces import see
from training.export.calibration import FEWEST, calibrate, class_means, fit_logistic, fit_sharpness
from training.targets.expression import EXPRESSIONS

RNG = np.random.default_rng(0)
AXES = np.eye(32, dtype=np.float32)


@pytest.mark.parametrize(("threshold", "slope"), [(0.3, 8.0), (-0.2, 20.0), (0.6, 3.0)])
def test_the_fit_recovers_the_curve_that_made_the_pairs(threshold: float, slope: float) -> None:
    scores = RNG.uniform(-1, 1, 40_000).astype(np.float32)
    same = RNG.random(40_000) < 1 / (1 + np.exp(-slope * (scores - threshold)))
    found = fit_logistic(scores, same)
    assert found[0] == pytest.approx(threshold, abs=0.03)
    assert found[1] == pytest.approx(slope, rel=0.05)


def test_pairs_without_a_mistake_give_a_finite_curve_between_them() -> None:
    scores = np.concatenate([RNG.uniform(0.6, 0.9, 50), RNG.uniform(-0.2, 0.4, 50)])
    threshold, slope = fit_logistic(scores, np.arange(100) < 50)
    assert 0.4 < threshold < 0.6
    assert 5 < slope < 200


def test_class_means_by_hand() -> None:
    happy, angry = EXPRESSIONS.index("happiness"), EXPRESSIONS.index("anger")
    vectors = np.concatenate([np.repeat(AXES[:1], FEWEST, 0), np.repeat(AXES[1:2], FEWEST, 0), AXES[2:3].repeat(9, 0)])
    labels = np.array([happy] * 2 * FEWEST + [angry] * (FEWEST - 1))
    means = class_means(vectors, labels)
    assert list(means) == ["happiness"]
    np.testing.assert_allclose(means["happiness"], (AXES[0] + AXES[1]) * np.sqrt(0.5), atol=1e-6)
    assert means["happiness"].dtype == np.float32


def test_the_sharpness_that_made_the_labels_is_found() -> None:
    means = {"neutral": AXES[0], "happiness": AXES[1], "fear": AXES[2]}
    vectors = RNG.normal(size=(5000, 32)) * np.r_[1, 1, 1, np.full(29, 0.1)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    logits = 12.0 * vectors[:, :3]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (shares.cumsum(axis=1) < RNG.random((5000, 1))).sum(axis=1)
    labels = np.array([EXPRESSIONS.index(name) for name in means])[drawn]
    unknown = np.full(500, -1)
    sharpness = fit_sharpness(np.concatenate([vectors, -vectors[:500]]), np.concatenate([labels, unknown]), means)
    assert sharpness == pytest.approx(12.0, rel=0.1)


def test_without_labels_the_sharpness_is_the_usual_one() -> None:
    assert fit_sharpness(AXES, np.full(32, -1), {"neutral": AXES[0]}) == 10.0
    assert fit_sharpness(AXES, np.zeros(32, int), {}) == 10.0


def test_a_model_that_knows_people_gets_a_curve_that_decides_rightly() -> None:
    backend = DummyModel()
    training, validation = see(backend, crop_set(24)), see(backend, crop_set(12))
    embeddings = validation.embeddings.copy()
    part(embeddings, Attribute.IDENTITY)[...] = AXES[np.arange(12) // 2]
    calibration = calibrate(training, replace(validation, embeddings=embeddings))
    assert calibration.same_person_probability(1.0) > 0.8
    assert calibration.same_person_probability(0.0) < 0.2
    assert set(calibration.expression_means) == {"neutral", "happiness"}
    for mean in calibration.expression_means.values():
        assert np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-6)
