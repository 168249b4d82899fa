import math

import pytest
import torch
from torch import Tensor

from training.losses.moments import MomentsLoss

UPPER_QUARTILE = 0.6744898
"""The normal quantile of 3/4, and of 1/4 with the other sign."""


def test_by_hand() -> None:
    # Of two numbers the lower belongs at the quantile of 1/4, the higher at that of 3/4, in whichever order they come.
    z = torch.tensor([[UPPER_QUARTILE], [-UPPER_QUARTILE]])
    assert MomentsLoss()(z).item() == pytest.approx(0.0, abs=1e-12)
    assert MomentsLoss()(z + 0.5).item() == pytest.approx(0.25, abs=1e-6)
    assert MomentsLoss()(torch.zeros(2, 1)).item() == pytest.approx(UPPER_QUARTILE**2, abs=1e-6)


def sample(count: int, mean: float, deviation: float) -> Tensor:
    return mean + deviation * torch.randn(count, 8)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.5), (0.0, 2.0)])
def test_of_normal_numbers_it_is_the_distance_of_the_two_normals(mean: float, deviation: float) -> None:
    # Squared Wasserstein distance of N(m, s²) and N(0, 1) on a line: m² + (s - 1)². Over directions at right angles the
    # squares of the mean's parts sum to its squared length, 8 m², so that their mean is m² again.
    directions = 3.0 * torch.linalg.qr(torch.randn(8, 8)).Q
    value = MomentsLoss()(sample(1000, mean, deviation), directions).item()
    assert value == pytest.approx(mean**2 + (deviation - 1) ** 2, abs=0.05 + 0.1 * mean)


def test_correlated_numbers_are_found_by_directions_between_the_axes() -> None:
    column = torch.randn(2000, 1)
    z = column.repeat(1, 2)
    assert MomentsLoss()(z).item() < 0.01
    # Along (1, 1)/√2 the deviation is √2, along (1, -1)/√2 it is 0.
    diagonal = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    assert MomentsLoss()(z, diagonal).item() == pytest.approx(((math.sqrt(2) - 1) ** 2 + 1) / 2, abs=0.05)


def test_the_queue_makes_a_small_batch_a_large_sample() -> None:
    loss = MomentsLoss(queue=1000)
    for _ in range(250):
        loss(sample(4, 0.0, 1.0))
        loss.queue.push()
    # Four numbers at 0.5 are no sign of a wrong mean among a thousand right ones: each belongs near where it is.
    z = torch.full((4, 8), 0.5)
    assert loss(z).item() < 0.05
    assert MomentsLoss()(z).item() > 0.25


def test_descending_it_makes_numbers_normal() -> None:
    z = sample(64, 1.0, 0.3).requires_grad_()
    for _ in range(30):
        [gradient] = torch.autograd.grad(MomentsLoss()(z) * z.numel() / 2, z)
        z = (z - 0.2 * gradient).detach().requires_grad_()
    assert z.mean().item() == pytest.approx(0.0, abs=0.01)
    assert z.std(dim=0).mean().item() == pytest.approx(1.0, abs=0.02)
