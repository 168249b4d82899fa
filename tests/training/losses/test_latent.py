import pytest
import torch

from training.losses.latent import LatentLoss


def test_by_hand() -> None:
    # |1| + |-3| + |0| + |2| over four numbers.
    assert LatentLoss()(torch.tensor([[1.0, -3.0], [0.0, 2.0]]), torch.zeros(2, 2)).item() == pytest.approx(1.5)


def test_it_is_a_distance() -> None:
    a, b, c = torch.randn(3, 4, 9)
    loss = LatentLoss()
    assert loss(a, a).item() == 0.0
    assert torch.equal(loss(a, b), loss(b, a))
    assert loss(a, c) <= loss(a, b) + loss(b, c)


def test_both_sides_learn() -> None:
    a, b = torch.ones(1, 2, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    LatentLoss()(a, b).backward()
    assert a.grad is not None
    assert b.grad is not None
    assert a.grad.tolist() == [[0.5, 0.5]]
    assert b.grad.tolist() == [[-0.5, -0.5]]
