import pytest
import torch

from training.losses.pictures.smoothness import SmoothnessLoss

LOSS = SmoothnessLoss()


def test_by_hand() -> None:
    # Two by two: across 0.3 and 0.1, down 0.4 and 0.2; means 0.2 and 0.3.
    drawn = torch.tensor([[0.0, 0.3], [0.4, 0.5]]).expand(1, 3, 2, 2)
    assert LOSS(drawn, torch.ones(1, 1, 2, 2)).item() == pytest.approx(0.2 + 0.3)
    # Without the last pixel there is one step each way.
    assert LOSS(drawn, torch.tensor([[[[1.0, 1.0], [1.0, 0.0]]]])).item() == pytest.approx(0.3 + 0.4)


def test_what_does_not_count_gets_no_gradient() -> None:
    drawn = torch.randn(1, 3, 6, 6, requires_grad=True)
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., :3] = 1.0
    LOSS(drawn, mask).backward()
    assert drawn.grad is not None
    assert not drawn.grad[..., 3:].any()
    assert drawn.grad[..., :3].any()


def test_plain_or_nowhere_costs_nothing() -> None:
    assert LOSS(torch.full((2, 3, 4, 4), 0.3), torch.ones(2, 1, 4, 4)).item() == 0.0
    assert LOSS(torch.randn(2, 3, 4, 4), torch.zeros(2, 1, 4, 4)).item() == 0.0
