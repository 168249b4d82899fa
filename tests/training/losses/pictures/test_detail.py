import math

import pytest
import torch
from torch import Tensor

from training.losses.pictures.detail import LEAST, DetailLoss

LOSS = DetailLoss()
EVERYWHERE = torch.ones(1, 1, 32, 32)


def checks(amplitude: float) -> Tensor:
    """A chessboard of single pixels, `(1, 3, 32, 32)`: nothing of it is left at half the size."""
    dark = (torch.arange(32)[:, None] + torch.arange(32)) % 2
    return (amplitude * (1.0 - 2.0 * dark)).expand(1, 3, 32, 32)


def test_by_hand() -> None:
    # Its energy is the square of its amplitude.
    expected = math.log((0.1**2 + LEAST) / (0.2**2 + LEAST)) ** 2
    assert LOSS(checks(0.1), checks(0.2), EVERYWHERE).item() == pytest.approx(expected, rel=1e-5)


def test_where_it_lies_in_a_cell_and_what_is_coarse_cost_nothing() -> None:
    drawn = checks(0.2).roll(1, dims=3) + 0.3
    assert LOSS(drawn, checks(0.2), EVERYWHERE).item() == pytest.approx(0.0, abs=1e-6)


def test_more_than_was_photographed_costs_nothing() -> None:
    assert LOSS(checks(0.4), checks(0.2), EVERYWHERE).item() == 0.0


def test_cells_count_by_their_weights() -> None:
    drawn = checks(0.2).clone()
    drawn[..., :16] = 0.0
    weights = torch.ones(1, 1, 32, 32)
    weights[..., :16] = 0.25
    inner = torch.zeros(1, 1, 32, 32)
    inner[..., 16:] = 1.0
    lacking = math.log(LEAST / (0.2**2 + LEAST)) ** 2
    # At the border of the cells halves mix, which is why it is only nearly this.
    assert LOSS(drawn, checks(0.2), weights).item() == pytest.approx(0.2 * lacking, rel=0.02)
    assert LOSS(drawn, checks(0.2), inner).item() < 0.02 * lacking
