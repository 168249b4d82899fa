import numpy as np
import pytest

from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from tests.training.evaluation.outside.test_swaps_by_label_networks import Reading
from training.evaluation.faces import see
from training.evaluation.generation import frechet_distance, measure_generation, report


def cloud(mean: list[float], deviations: list[float], count: int = 4000) -> np.ndarray:
    """Points whose sample mean and covariance are exactly the given ones."""
    points = np.random.default_rng(0).normal(size=(count, len(mean)))
    points -= points.mean(axis=0)
    whitened = points @ np.linalg.inv(np.linalg.cholesky(np.cov(points.T))).T
    return np.asarray(whitened * deviations + mean)


def test_of_two_normal_distributions_by_hand() -> None:
    # |(1, 2)|² + (2 - 1)² + (3 - 5)²: with diagonal covariances the deviations' squared differences add up.
    assert frechet_distance(cloud([0, 0], [2, 3]), cloud([1, 2], [1, 5])) == pytest.approx(5 + 1 + 4, rel=1e-6)
    one = cloud([0.5, -1], [0.1, 4])
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-5)
    with pytest.raises(ValueError, match="at least two pictures"):
        frechet_distance(one[:1], one)


def test_it_is_the_same_both_ways_and_in_turned_space() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(300, 5)) * [1, 2, 3, 4, 5], rng.normal(size=(200, 5)) + 1
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    distance = frechet_distance(a, b)
    assert frechet_distance(b, a) == pytest.approx(distance, rel=1e-6)
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(distance, rel=1e-6)


def test_reconstructions_are_nearer_than_other_photographs() -> None:
    backend = DummyModel()
    faces = see(backend, crop_set(24))
    result = measure_generation(backend, faces)
    assert result.faces == 12
    assert list(result.spaces) == ["embedding"]
    assert 0 <= result.spaces["embedding"].reconstructions < result.spaces["embedding"].floor
    assert result.found is None
    judged = measure_generation(backend, faces, judges=Reading(blind=4))
    assert judged.found == 0.75
    assert judged.spaces["embedding"] == result.spaces["embedding"]
    shown = report("m", judged)
    assert [row[0] for row in shown.tables[0]] == ["Fréchet distance to photographs", "in embedding", "in dlib"]
    assert shown.tables[1] == [["face found in random faces", "75.0 %"]]
