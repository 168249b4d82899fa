import pytest
import torch
from torch import Tensor

from training.losses.pictures.grid import GridLoss

LOSS = GridLoss()


def _columns(period: int, side: int = 96) -> Tensor:
    """Every so many columns brighter by 0.4."""
    picture = torch.zeros(1, 3, side, side)
    picture[..., ::period] = 0.4
    return picture


def test_a_pattern_of_the_grid_costs_its_height() -> None:
    # A binomial of five has lost all of every second column: each lies 0.2 from the mean.
    assert LOSS(_columns(2)).item() == pytest.approx(0.2, rel=0.03)  # but at the border
    # Of every fourth a place has 6/16, two 4/16 and one 2/16 about it.
    assert LOSS(_columns(4)).item() == pytest.approx(0.4 * (10 + 4 + 4 + 2) / 16 / 4, rel=0.03)


def test_a_pattern_of_another_period_and_slopes_cost_nothing() -> None:
    assert LOSS(_columns(3)).item() < 0.03 * LOSS(_columns(4)).item()  # what is left is the border
    slope = torch.linspace(-1.0, 1.0, 96).expand(1, 3, 96, 96)
    assert LOSS(slope).item() == pytest.approx(0.0, abs=2e-4)  # but at the border
    assert LOSS(torch.full((2, 3, 32, 32), 0.7)).item() == pytest.approx(0.0, abs=1e-6)


def test_noise_costs_what_its_mean_over_the_repetitions_does() -> None:
    # Less its binomial it has a variance of 1 - 2 (6/16)² + (70/256)²; 1,024 repetitions are averaged.
    noise = torch.randn(8, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    left = (1 - 2 * (6 / 16) ** 2 + (70 / 256) ** 2) ** 0.5
    assert LOSS(noise).item() == pytest.approx((2 / torch.pi) ** 0.5 * left / 32, rel=0.15)
