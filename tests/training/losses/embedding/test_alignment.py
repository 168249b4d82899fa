import pytest
import torch
from torch.nn import functional as F

from training.losses.embedding.alignment import AlignmentLoss

LOSS = AlignmentLoss()


def test_by_hand() -> None:
    # Cosines 1, 0 and -1 cost 0, 1 and 2; their mean is 1. Without the last, 1/2.
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert LOSS(first, second).item() == pytest.approx(1.0)
    assert LOSS(first[:2], second[:2]).item() == pytest.approx(0.5)


def test_it_is_half_the_squared_distance_and_symmetric() -> None:
    a, b = (F.normalize(torch.randn(6, 32), dim=1) for _ in range(2))
    assert LOSS(a, b).item() == pytest.approx(((a - b) ** 2).sum(dim=1).mean().item() / 2, abs=1e-6)
    assert torch.equal(LOSS(a, b), LOSS(b, a))
    assert LOSS(a, a).item() == pytest.approx(0.0, abs=1e-6)


def test_the_gradient_points_towards_the_other_vector() -> None:
    a, b = torch.tensor([[1.0, 0.0]], requires_grad=True), torch.tensor([[0.0, 1.0]])
    LOSS(a, b).backward()
    assert a.grad is not None
    assert a.grad.tolist() == [[0.0, -1.0]]
