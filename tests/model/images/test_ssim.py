"""Structural similarity against values worked out by hand."""

import numpy as np
import pytest

from model.images.ssim import ssim
from tests.faces import draw_face

C1, C2 = 2.55**2, 7.65**2


def flat(value: int, size: int = 20) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)


def test_flat_pictures_differ_by_their_luminance_alone() -> None:
    assert ssim(flat(100), flat(150)) == pytest.approx((2 * 100 * 150 + C1) / (100**2 + 150**2 + C1), abs=1e-9)
    assert ssim(flat(0), flat(255)) == pytest.approx(C1 / (255**2 + C1), abs=1e-9)


def test_one_window_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 11, 11, 3), dtype=np.uint8)
    offsets = np.arange(11) - 5
    bell = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = (np.outer(bell, bell) / bell.sum() ** 2)[..., None]
    x, y = a.astype(float), b.astype(float)
    mx, my = (window * x).sum((0, 1)), (window * y).sum((0, 1))
    vx, vy = (window * (x - mx) ** 2).sum((0, 1)), (window * (y - my) ** 2).sum((0, 1))
    cov = (window * (x - mx) * (y - my)).sum((0, 1))
    expected = (2 * mx * my + C1) * (2 * cov + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2))
    assert ssim(a, b) == pytest.approx(expected.mean(), abs=1e-9)


def test_it_is_one_for_equal_pictures_symmetric_and_falls_with_noise() -> None:
    face = draw_face(64)
    assert ssim(face, face) == pytest.approx(1.0, abs=1e-12)
    rng = np.random.default_rng(1)
    scores = []
    for strength in (5, 15, 45):
        noisy = np.clip(face + rng.normal(0, strength, face.shape), 0, 255).astype(np.uint8)
        scores.append(ssim(face, noisy))
        assert scores[-1] == ssim(noisy, face)
    assert 1 > scores[0] > scores[1] > scores[2] > 0


def test_a_negative_is_dissimilar() -> None:
    checks = np.kron(np.indices((10, 10)).sum(0) % 2, np.ones((3, 3)))[..., None].repeat(3, -1)
    assert ssim((100 + 60 * checks).astype(np.uint8), (160 - 60 * checks).astype(np.uint8)) < -0.8


def test_pictures_that_cannot_be_compared() -> None:
    for a, b in [(flat(0), flat(0, 21)), (flat(0, 10), flat(0, 10))]:
        with pytest.raises(ValueError, match="cannot be compared"):
            ssim(a, b)
