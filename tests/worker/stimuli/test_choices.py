"""The regression of choices finds what they depend on, and is the one of scikit-learn."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.stimuli.choices import direction, weights

Numbers = NDArray[np.float64]


def observed(count: int, noise: float, seed: int) -> tuple[Numbers, Numbers, Numbers]:
    """Differences of which the later dimensions hardly show, what is looked for, and the choices."""
    rng = np.random.default_rng(seed)
    shown = rng.normal(size=(count, 12)) * np.geomspace(1.0, 0.1, 12)
    sought = rng.normal(size=12)
    judged = shown @ sought
    return shown, sought, np.sign(judged + noise * judged.std() * rng.normal(size=count))


def alike(a: Numbers, b: Numbers) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("seed", range(5))
def test_what_hardly_shows_is_found_where_the_mean_of_what_was_chosen_misses_it(seed: int) -> None:
    shown, sought, chosen = observed(600, 0.0, seed)
    found, predicted = direction(shown, chosen)
    assert alike(found, sought) > 0.9
    assert alike(found, sought) > alike(chosen @ shown, sought) + 0.1
    assert predicted > 0.9


def test_choices_at_random_predict_nothing() -> None:
    shown, _, _ = observed(600, 0.0, 1)
    _, predicted = direction(shown, np.random.default_rng(2).choice([-1.0, 1.0], 600))
    assert abs(predicted - 0.5) < 0.08


def test_more_noise_finds_less_and_few_choices_tell_no_share() -> None:
    found = []
    for noise in (0.0, 1.0, 4.0):
        shown, sought, chosen = observed(300, noise, 3)
        found.append(alike(direction(shown, chosen)[0], sought))
    assert found == sorted(found, reverse=True)
    shown, _, chosen = observed(9, 0.0, 1)
    assert np.isnan(direction(shown, chosen)[1])


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_the_weights_are_those_of_scikit_learn(penalty: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    shown, _, chosen = observed(200, 0.5, 4)
    reference = linear.LogisticRegression(C=1.0 / penalty, fit_intercept=False, tol=1e-10, max_iter=1000)
    reference.fit(shown, chosen)
    np.testing.assert_allclose(weights(shown, chosen, penalty), reference.coef_[0], atol=1e-4)
