import pytest
import torch

from training.losses.pictures.reconstruction import ReconstructionLoss

LOSS = ReconstructionLoss()


def test_by_hand() -> None:
    # Two pixels whose three channels are off by (0.3, 0, 0.6) and by 1: means 0.3 and 1.
    image = torch.zeros(1, 3, 1, 2)
    drawn = torch.tensor([[[[0.3, 1.0]], [[0.0, -1.0]], [[-0.6, 1.0]]]])
    assert LOSS(drawn, image, torch.ones(1, 1, 1, 2)).item() == pytest.approx(0.65)
    assert LOSS(drawn, image, torch.tensor([[[[1.0, 0.0]]]])).item() == pytest.approx(0.3)
    # Weights 1 and 1/2: (0.3 + 0.5) / 1.5.
    assert LOSS(drawn, image, torch.tensor([[[[1.0, 0.5]]]])).item() == pytest.approx(0.8 / 1.5)


def test_masked_pixels_get_no_gradient() -> None:
    drawn = torch.randn(2, 3, 4, 4, requires_grad=True)
    mask = (torch.rand(2, 1, 4, 4) < 0.5).float()
    LOSS(drawn, torch.zeros(2, 3, 4, 4), mask).backward()
    assert drawn.grad is not None
    assert torch.equal(drawn.grad != 0, mask.bool().expand(2, 3, 4, 4))


def test_agreement_or_nothing_photographed_costs_nothing() -> None:
    image, other = torch.randn(2, 2, 3, 4, 4)
    assert LOSS(image, image, torch.ones(2, 1, 4, 4)).item() == 0.0
    assert LOSS(image, other, torch.zeros(2, 1, 4, 4)).item() == 0.0
