import numpy as np
import pytest

from training.targets.blendshapes import BLENDSHAPES, mirrored, mirrored_pose
from training.targets.expression import GAZE_WEIGHT, ExpressionTargets, WithoutPose, polynomial
from training.targets.projection import Projection

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


def turning(count: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poses, what faces do, and blendshapes of it that turn with the head."""
    rng = np.random.default_rng(1)
    pose = rng.normal(0, 0.25, (count, 3)).astype(np.float32)
    own = rng.normal(0, 0.1, (count, 52)).astype(np.float32)
    by_pose = rng.normal(0, 0.3, (polynomial(pose).shape[1], 52)).astype(np.float32)
    seen = own + polynomial(pose) @ by_pose
    # As a mirror image has them too.
    both = np.concatenate([seen, mirrored(seen)]), np.concatenate([pose, mirrored_pose(pose)])
    return both[1], np.concatenate([own, mirrored(own)]), both[0].astype(np.float32)


def explained(y: np.ndarray, x: np.ndarray) -> float:
    x = np.column_stack([np.ones(len(x)), x])
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(1 - rest.var() / y.var())


def test_the_polynomial_has_each_product_of_up_to_three_angles_once() -> None:
    terms = polynomial(np.array([[2.0, 3.0, 5.0]], np.float32))[0]
    assert sorted(terms) == sorted([2, 3, 5, 4, 6, 10, 9, 15, 25, 8, 12, 20, 18, 30, 50, 27, 45, 75, 125])


def test_expression_targets_do_not_turn_with_the_head() -> None:
    pose, _, seen = turning()
    targets = ExpressionTargets.fit(seen, pose, 32, 1.0)(seen, pose)
    plain = Projection.fit(seen, 32, 1.0)(seen)
    for angle in (0, 1):  # a mirror keeps pitch and turns yaw round
        assert explained(pose[:, angle], plain) > 0.3
        assert explained(pose[:, angle], targets) < 0.05


def test_how_far_scores_scatter_does_not_tell_the_turn() -> None:
    pose, own, _ = turning()
    seen = (0.5 + own * (0.3 + 5 * pose[:, 1:2] ** 2)).astype(np.float32)
    remaining = np.abs(WithoutPose.fit(seen, pose)(seen, pose)).mean(axis=1)
    assert explained(pose[:, 1] ** 2, np.abs(seen - 0.5).mean(axis=1, keepdims=True)) > 0.8
    assert explained(pose[:, 1] ** 2, remaining[:, None]) < 0.02


def test_a_score_that_never_changes_stays_0() -> None:
    pose, _, seen = turning(500)
    seen[:, 7] = 0.25
    cleaned = WithoutPose.fit(seen, pose)(seen, pose)
    assert np.isfinite(cleaned).all()
    np.testing.assert_allclose(cleaned[:, 7], 0.0, atol=1e-4)


def test_a_mirror_image_has_the_targets_of_its_mirrored_scores() -> None:
    pose, _, seen = turning(500)
    without_pose = WithoutPose.fit(seen, pose)  # of both sides alike, as the faces are
    cleaned, other = without_pose(seen, pose), without_pose(mirrored(seen), mirrored_pose(pose))
    np.testing.assert_allclose(mirrored(cleaned), other, atol=2e-3)


def test_gaze_counts_little_and_the_resting_score_nothing() -> None:
    pose, _, seen = turning(500)
    weights = dict(zip(BLENDSHAPES, ExpressionTargets.fit(seen, pose, 32, 1.0).weights.tolist(), strict=True))
    assert weights["_neutral"] == 0.0
    assert weights["eyeLookUpLeft"] == pytest.approx(GAZE_WEIGHT)
    assert weights["mouthSmileLeft"] == weights["eyeBlinkRight"] == 1.0
