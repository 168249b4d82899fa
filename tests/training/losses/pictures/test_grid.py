import pytest
import torch

from training.losses.pictures.grid import GridLoss

LOSS = GridLoss()


def test_a_pattern_of_the_grid_costs_its_height() -> None:
    # Every second column brighter by 0.2: each place lies 0.1 from the mean about it.
    stripes = torch.zeros(1, 3, 32, 64)
    stripes[..., ::2] = 0.2
    assert LOSS(stripes).item() == pytest.approx(0.1)
    # One pixel in sixteen by 1.6: it lies 1.5 above the mean, the fifteen others 0.1 below.
    points = torch.zeros(1, 3, 32, 32)
    points[..., ::4, ::4] = 1.6
    assert LOSS(points).item() == pytest.approx((1.5 + 15 * 0.1) / 16)


def test_a_pattern_of_another_period_costs_little() -> None:
    other = torch.zeros(1, 3, 96, 96)
    other[..., ::3] = 0.2
    assert LOSS(other).item() < 0.15 * LOSS(_every_second_column(96)).item()


def test_what_is_plain_or_noise_costs_little() -> None:
    assert LOSS(torch.full((2, 3, 32, 32), 0.7)).item() == pytest.approx(0.0, abs=1e-6)
    # The mean of 64 repetitions of noise of deviation 1 has one of 1/8, and its absolute value a mean of 0.8 of that.
    noise = torch.randn(8, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    assert LOSS(noise).item() == pytest.approx(0.8 / 8 * (15 / 16) ** 0.5, rel=0.05)


def _every_second_column(side: int) -> torch.Tensor:
    stripes = torch.zeros(1, 3, side, side)
    stripes[..., ::2] = 0.2
    return stripes
