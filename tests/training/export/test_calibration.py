from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from model.attributes import Attribute, Vector, part
from model.calibration import Calibration
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.faces import see
from training.export.calibration import FEWEST, PRIOR, calibrate, class_means, fit_classifier, fit_logistic
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


def drawn_labels(count: int, names: list[str], shares: list[float]) -> tuple[Vector, NDArray[np.integer]]:
    """Expressions around an axis for each name, which come in these shares."""
    places = RNG.choice(len(names), count, p=shares)
    vectors = AXES[places] + RNG.normal(0, 0.35, (count, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, np.array([EXPRESSIONS.index(name) for name in names])[places]


@pytest.mark.parametrize("names", [["neutral", "happiness", "fear"], ["neutral", "happiness"]])
def test_the_classifier_gives_probabilities_of_its_prior(names: list[str]) -> None:
    shares = [0.6, 0.3, 0.1] if len(names) == 3 else [0.8, 0.2]
    vectors, labels = drawn_labels(40_000, names, shares)
    unknown = np.full(500, -1)
    classifier = fit_classifier(np.concatenate([vectors, -vectors[:500]]), np.concatenate([labels, unknown]), names)
    assert [*classifier] == names
    calibration = Calibration(expression_classifier=classifier)
    prior = np.array(shares) ** PRIOR
    drawn, truth = drawn_labels(6000, names, [*(prior / prior.sum())])
    found = np.array([[*calibration.expression_probabilities(row).values()] for row in drawn])
    # Said with probability p, it is true in so many cases: in each of ten bands that hold enough.
    said = found.max(axis=1)
    right = np.array([EXPRESSIONS.index(name) for name in names])[found.argmax(axis=1)] == truth
    for low in np.arange(0.4, 1.0, 0.1):
        band = (said >= low) & (said < low + 0.1)
        if band.sum() > 400:
            assert right[band].mean() == pytest.approx(said[band].mean(), abs=0.05)
    assert right.mean() > 0.8


def test_the_probabilities_are_those_of_the_library_with_the_prior() -> None:
    names = ["neutral", "happiness", "surprise", "anger"]
    vectors, labels = drawn_labels(800, names, [0.4, 0.3, 0.2, 0.1])
    classifier = fit_classifier(vectors, labels, names)
    theirs = LogisticRegression(class_weight="balanced", max_iter=2000).fit(vectors, labels)
    order = [[*theirs.classes_].index(EXPRESSIONS.index(name)) for name in names]
    ours = Calibration(expression_classifier=classifier).expression_probabilities(vectors[3])
    counts = np.array([np.count_nonzero(labels == number) for number in theirs.classes_])
    expected = theirs.predict_proba(vectors[3:4])[0] * counts**PRIOR
    np.testing.assert_allclose([*ours.values()], (expected / expected.sum())[order], atol=1e-4)


def test_one_label_needs_no_classifier() -> None:
    assert fit_classifier(AXES, np.zeros(32, int), ["neutral"]) == {}
    assert fit_classifier(AXES, np.full(32, -1), []) == {}


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
