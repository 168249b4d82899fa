"""What is learned from people's ratings and choices: planted directions are found, and chance finds nothing."""

import numpy as np
import pytest

from facet.library import Facet
from facet.stimuli import StimulusSet
from model.attributes import Attribute, Vector, part
from model.errors import InvalidRequest
from worker.stimuli.geometry import aside
from worker.stimuli.ratings import fit
from worker.stimuli.reverse_correlation import NoisePairs

PAIRS = 300


def planted(face: Vector, attribute: Attribute, seed: int) -> Vector:
    """A direction within an attribute from a face, of unit length."""
    own = part(face, attribute)
    return aside(attribute, own, np.random.default_rng(seed).normal(size=own.shape).astype(np.float32))


def choices(judged: Vector, noise: float, seed: int) -> dict[int, str]:
    """The side of each pair with the higher judgement, to which an observer adds noise of so many deviations."""
    judged = judged + noise * judged.std() * np.random.default_rng(seed).normal(size=judged.shape)
    return {pair + 1: "a" if judged[2 * pair] > judged[2 * pair + 1] else "b" for pair in range(len(judged) // 2)}


def found(model: Facet, pairs: StimulusSet, answers: dict[int, str], attribute: Attribute) -> Vector:
    """The direction of the classification image, of unit length."""
    less, more = model.stimuli.classification(pairs, answers, [-30, 30]).embeddings
    difference = part(more, attribute) - part(less, attribute)
    return np.asarray(difference / np.linalg.norm(difference))


@pytest.mark.parametrize("attribute", ["identity", "expression", "style"])
@pytest.mark.parametrize("seed", range(3))
def test_a_classification_image_finds_what_a_noisy_observer_looks_for(model: Facet, attribute: str, seed: int) -> None:
    name, face = Attribute(attribute), model.sample(1, seed)[0]
    pairs = model.stimuli.noise(face, PAIRS, attribute=attribute, seed=seed)
    sought = planted(face, name, seed)
    answers = choices(part(pairs.embeddings, name) @ sought, noise=0.5, seed=seed)
    assert float(found(model, pairs, answers, name) @ sought) >= 0.8
    guessed = choices(np.zeros(2 * PAIRS) + np.random.default_rng(seed).normal(size=2 * PAIRS), 0.0, seed)
    assert abs(float(found(model, pairs, guessed, name) @ sought)) < 0.5
    shares = [model.stimuli.classification(pairs, said, [0]).table[0]["predicted"] for said in (answers, guessed)]
    assert shares[0] > 0.7
    assert shares[1] < 0.6


@pytest.mark.parametrize("attribute", ["identity", "expression", "style"])
def test_an_observer_who_sees_the_drawings_is_found_too(bundled: Facet, attribute: str) -> None:
    name, face = Attribute(attribute), bundled.sample(1, seed=53)[0]
    pairs = bundled.stimuli.noise(face, PAIRS, attribute=attribute, degrees=30, seed=5)
    seen = bundled.embed(np.stack([drawing.pixels for drawing in pairs.drawings]), align="none")
    sought = planted(face, name, seed=1)
    answers = choices(part(seen, name) @ sought, noise=0.0, seed=1)
    less, same, more = bundled.stimuli.classification(pairs, answers, [-30, 0, 30]).drawings
    difference = part(more.embedding, name) - part(less.embedding, name)
    assert float(difference @ sought) >= 0.8 * np.linalg.norm(difference)
    np.testing.assert_allclose(same.embedding, face, atol=1e-6)
    read = bundled.embed([less.pixels, same.pixels, more.pixels], align="none")
    assert (np.diff(part(read, name) @ sought) > 0.05).all()


def test_an_experiment_is_drawn_in_portions(model: Facet) -> None:
    face = model.sample(1, seed=2)[0]
    whole = model.stimuli.noise(face, 20, seed=1)
    portion = model.stimuli.draw(NoisePairs(face=face, pairs=20, first=6, last=8, seed=1))
    assert portion.names == whole.names[10:16]
    np.testing.assert_array_equal(portion.embeddings, whole.embeddings[10:16])
    answers = {pair: "ab"[pair % 2] for pair in range(1, 21)}
    attribute = Attribute.IDENTITY
    np.testing.assert_array_equal(found(model, portion, answers, attribute), found(model, whole, answers, attribute))
    for wrong in ({"first": 9, "last": 8}, {"last": 21}, {"first": 21}):
        with pytest.raises(ValueError, match="there are none"):
            NoisePairs(face=face, pairs=20, **wrong)


def test_the_two_faces_of_a_pair_lie_opposite(model: Facet) -> None:
    face = model.sample(1, seed=2)[0]
    pairs = model.stimuli.noise(face, 20, degrees=25, seed=1)
    identities = part(pairs.embeddings, Attribute.IDENTITY)
    own = part(face, Attribute.IDENTITY)
    np.testing.assert_allclose(np.degrees(np.arccos(identities @ own)), 25, atol=0.01)
    middle = identities[::2] + identities[1::2]
    np.testing.assert_allclose(middle / np.linalg.norm(middle, axis=1, keepdims=True), np.tile(own, (20, 1)), atol=1e-5)
    signs = [row["sign"] for row in pairs.table]
    assert sorted(set(signs[::2])) == [-1, 1]
    assert [-sign for sign in signs[::2]] == signs[1::2]
    for answers in ({}, {21: "a"}, {1: "left"}):
        with pytest.raises(InvalidRequest):
            model.stimuli.classification(pairs, answers)
    with pytest.raises(InvalidRequest):
        model.stimuli.classification(model.stimuli.average([face]), {1: "a"})


@pytest.mark.parametrize("attribute", list(Attribute))
def test_ratings_that_depend_on_an_attribute_are_found_in_it_alone(model: Facet, attribute: Attribute) -> None:
    faces = model.sample(200, seed=3)
    rng = np.random.default_rng(0)
    sought = rng.normal(size=part(faces, attribute).shape[1])
    signal = part(faces, attribute) @ sought
    ratings = 4.0 + signal / signal.std() + rng.normal(scale=0.5, size=200)
    found = model.stimuli.direction(faces, ratings.tolist(), attribute=attribute)
    # Noise of half the signal's deviation leaves 1 / 1.25 of the variance to be explained.
    assert 0.7 < found.r2 < 0.85
    assert np.corrcoef(found.weights, sought)[0, 1] > 0.95 or attribute is Attribute.POSE
    assert np.corrcoef(found.predicted(faces), signal)[0, 1] > 0.95
    for other in set(Attribute) - {attribute}:
        assert fit(faces, ratings, other).r2 < 0.1


def test_ridge_is_the_one_of_scikit_learn(model: Facet) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    faces = model.sample(60, seed=3)
    ratings = np.random.default_rng(1).normal(size=60) + 20 * part(faces, Attribute.STYLE)[:, 0]
    found = fit(faces, ratings, Attribute.STYLE)
    reference = linear.RidgeCV(alphas=[10.0**power for power in range(-4, 5)]).fit(
        part(faces, Attribute.STYLE).astype(np.float64), ratings
    )
    assert found.penalty == reference.alpha_
    np.testing.assert_allclose(found.weights, reference.coef_, rtol=1e-4, atol=1e-5)
    assert found.intercept == pytest.approx(reference.intercept_, rel=1e-4)


def test_faces_of_a_group_are_never_on_both_sides(model: Facet) -> None:
    people = np.repeat(model.sample(12, seed=3), 10, axis=0)
    ratings = np.repeat(np.random.default_rng(0).normal(size=12), 10)
    groups = np.repeat(np.arange(12), 10).tolist()
    assert fit(people, ratings, Attribute.IDENTITY).r2 > 0.9
    assert fit(people, ratings, Attribute.IDENTITY, groups).r2 < 0.5


def test_along_a_direction_the_prediction_rises(model: Facet) -> None:
    faces = model.sample(100, seed=3)
    sought = np.random.default_rng(0).normal(size=part(faces, Attribute.STYLE).shape[1])
    found = model.stimuli.direction(faces, (part(faces, Attribute.STYLE) @ sought).tolist(), attribute="style")
    drawn = model.stimuli.along(faces[0], found, [-30, 0, 30])
    predicted = [row["predicted"] for row in drawn.table]
    np.testing.assert_allclose(predicted, found.predicted(drawn.embeddings), atol=1e-4)
    assert predicted == sorted(predicted)
    np.testing.assert_allclose(drawn.embeddings[1], faces[0], atol=1e-6)


@pytest.mark.parametrize("ratings", [[1.0], [float("nan")] * 10, [3.0] * 10])
def test_ratings_without_a_direction_are_refused(model: Facet, ratings: list[float]) -> None:
    with pytest.raises(InvalidRequest):
        model.stimuli.direction(model.sample(10, seed=1), ratings)
