import pytest
import torch

from training.losses.pictures.feature_matching import FeatureMatchingLoss


def test_each_map_counts_by_its_own_size() -> None:
    image = [torch.full((2, 3, 4, 4), 10.0), torch.full((2, 5, 2, 2), -0.1)]
    drawn = [image[0] + 5.0, image[1] + 0.02]
    assert FeatureMatchingLoss()(drawn, image).item() == pytest.approx((0.5 + 0.2) / 2)
    assert FeatureMatchingLoss()(image, image).item() == 0.0


def test_the_photographs_side_gets_no_gradient() -> None:
    image, drawn = torch.ones(1, 2, 3, 3, requires_grad=True), torch.zeros(1, 2, 3, 3, requires_grad=True)
    FeatureMatchingLoss()([drawn], [image]).backward()
    assert image.grad is None
    assert drawn.grad is not None
    assert drawn.grad.abs().sum().item() == pytest.approx(1.0)
