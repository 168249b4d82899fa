import numpy as np
import pytest

from training.data.targets import Projection

FEATURES = (np.random.default_rng(0).normal(size=(200, 20)) * np.linspace(3, 0.1, 20) + 5).astype(np.float32)


@pytest.mark.parametrize("pole", [0.0, 1.0])
def test_targets_have_length_1(pole: float) -> None:
    targets = Projection.fit(FEATURES, 8, pole)(FEATURES)
    assert targets.shape == (200, 8)
    assert targets.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(targets, axis=1), 1.0, atol=1e-5)


def test_without_a_pole_they_are_the_directions_of_the_principal_components() -> None:
    projection = Projection.fit(FEATURES, 20)
    centred = FEATURES - FEATURES.mean(axis=0)
    cosines = centred @ centred.T / np.outer(*(np.linalg.norm(centred, axis=1),) * 2)
    targets = projection(FEATURES)
    # All 20 components keep every angle.
    np.testing.assert_allclose(targets @ targets.T, cosines, atol=1e-4)


def test_the_axes_are_the_widest_directions_first() -> None:
    projection = Projection.fit(FEATURES, 5)
    spread = ((FEATURES - projection.mean) @ projection.axes).std(axis=0)
    assert (np.diff(spread) < 0).all()
    np.testing.assert_allclose(projection.axes.T @ projection.axes, np.eye(5), atol=1e-5)


def test_the_average_face_lies_at_the_pole_and_a_typical_one_45_degrees_from_it() -> None:
    projection = Projection.fit(FEATURES, 8, 1.0)
    assert projection.axes.shape == (20, 7)
    np.testing.assert_allclose(projection(FEATURES.mean(axis=0)[None]), np.eye(8)[:1], atol=1e-5)
    heights = projection(FEATURES)[:, 0]
    assert (heights > 0).all()
    assert np.median(heights) == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_unknown_features_stay_unknown() -> None:
    for pole in (0.0, 1.0):
        features = FEATURES[:2].copy()
        features[0] = np.nan
        targets = Projection.fit(FEATURES, 8, pole)(features)
        assert np.isnan(targets[0]).all()
        assert not np.isnan(targets[1]).any()
