import math

import pytest
import torch

from training.losses.adversarial import DiscriminatorLoss, GeneratorLoss


def test_scores_of_zero_cost_log_2() -> None:
    zeros = torch.zeros(4)
    assert DiscriminatorLoss()(zeros, zeros).item() == pytest.approx(2 * math.log(2))
    assert GeneratorLoss()(zeros).item() == pytest.approx(math.log(2))


def test_by_hand() -> None:
    # softplus(-1) = log(1 + e^-1) = 0.313262, softplus(2) = log(1 + e^2) = 2.126928, softplus(-2) = 0.126928
    real, fake = torch.tensor([1.0, 1.0]), torch.tensor([2.0, -2.0])
    assert DiscriminatorLoss()(real, fake).item() == pytest.approx(0.313262 + (2.126928 + 0.126928) / 2, abs=1e-5)
    assert GeneratorLoss()(fake).item() == pytest.approx((0.126928 + 2.126928) / 2, abs=1e-5)


def test_the_two_sides_pull_the_fake_score_in_opposite_directions() -> None:
    told_apart, passed_off = torch.randn(2, 3).unbind()
    DiscriminatorLoss()(torch.zeros(3), told_apart.requires_grad_()).backward()
    GeneratorLoss()(passed_off.requires_grad_()).backward()
    assert told_apart.grad is not None
    assert passed_off.grad is not None
    assert (told_apart.grad > 0).all()
    assert (passed_off.grad < 0).all()


def test_a_confident_right_answer_costs_nothing_and_huge_scores_stay_finite() -> None:
    far = torch.full((2,), 1e4)
    assert DiscriminatorLoss()(far, -far).item() == 0.0
    assert DiscriminatorLoss()(-far, far).item() == pytest.approx(2e4)
