import pytest
import torch

from training.losses.embedding.pose import SCALE, PoseLoss

LOSS = PoseLoss()


def test_by_hand() -> None:
    # Errors of 0.05, 0.3 and 0 radians are 0.5, 3 and 0 units: 0.5²/2 = 0.125, 3 - 0.5 = 2.5, 0; a third of the sum.
    pose = torch.tensor([[0.05, -0.3, 0.2]])
    label = torch.tensor([[0.0, 0.0, 0.2]])
    assert LOSS(pose, label, torch.tensor([True])).item() == pytest.approx((0.125 + 2.5) / 3, abs=1e-6)


def test_agreement_costs_nothing_and_sign_does_not_matter() -> None:
    pose, known = torch.randn(5, 3), torch.ones(5, dtype=torch.bool)
    zero = torch.zeros(5, 3)
    assert LOSS(pose, pose, known).item() == 0.0
    torch.testing.assert_close(LOSS(pose, zero, known), LOSS(-pose, zero, known))


def test_unknown_rows_count_nothing() -> None:
    pose, label = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
    known = torch.tensor([True, False, False, True])
    loss = LOSS(pose, label, known)
    torch.testing.assert_close(loss, LOSS(pose[known], label[known], known[known]))
    loss.backward()
    assert pose.grad is not None
    assert (pose.grad[~known] == 0).all()
    assert LOSS(pose, label, torch.zeros(4, dtype=torch.bool)).item() == 0.0


def test_beyond_the_scale_the_gradient_no_longer_grows() -> None:
    pose = torch.tensor([[2 * SCALE, 20 * SCALE, 0.5 * SCALE]], requires_grad=True)
    LOSS(pose, torch.zeros(1, 3), torch.tensor([True])).backward()
    assert pose.grad is not None
    # d/dx of |x| / SCALE, mean over three angles; half of it at half the scale.
    torch.testing.assert_close(pose.grad, torch.tensor([[1.0, 1.0, 0.5]]) / SCALE / 3)
