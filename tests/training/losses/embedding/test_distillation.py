import math

import pytest
import torch
from torch.nn import functional as F

from training.losses.embedding.distillation import DistillationLoss

ALL = torch.ones(2, dtype=torch.bool)
AXES = torch.eye(2)


def test_by_hand() -> None:
    # Vectors x, x against targets x, y: cosines 1 and 0, so direct = 1/2. Their similarity is 1, the targets' 0: the
    # root of the mean square over both pairs is 1.
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert DistillationLoss()(vectors, AXES, ALL).item() == pytest.approx(1.5, abs=1e-6)
    assert DistillationLoss(direct=0.5)(vectors, AXES, ALL).item() == pytest.approx(1.25, abs=1e-6)
    assert DistillationLoss(direct=0.0, tolerance=0.25)(vectors, AXES, ALL).item() == pytest.approx(0.75, abs=1e-6)
    assert DistillationLoss(direct=0.0, tolerance=1.5)(vectors, AXES, ALL).item() == pytest.approx(0.0, abs=1e-3)


def test_a_common_rotation_keeps_the_relations() -> None:
    # Both vectors turned by 60 degrees: direct = 1 - cos 60° = 1/2, relations unchanged.
    cos, sin = math.cos(math.pi / 3), math.sin(math.pi / 3)
    turned = AXES @ torch.tensor([[cos, sin], [-sin, cos]])
    assert DistillationLoss()(turned, AXES, ALL).item() == pytest.approx(0.5, abs=2e-4)


def test_agreement_costs_nothing() -> None:
    vectors = F.normalize(torch.randn(8, 32), dim=1)
    # The root of its small floor, 1e-8, remains.
    assert DistillationLoss()(vectors, vectors, torch.ones(8, dtype=torch.bool)).item() == pytest.approx(1e-4, abs=1e-5)


def test_unknown_rows_count_nothing() -> None:
    vectors = F.normalize(torch.randn(6, 4), dim=1).requires_grad_()
    targets = F.normalize(torch.randn(6, 4), dim=1)
    known = torch.tensor([True, False, True, True, False, True])
    targets[~known] = torch.nan
    loss = DistillationLoss()(vectors, targets, known)
    torch.testing.assert_close(loss, DistillationLoss()(vectors[known], targets[known], known[known]))
    loss.backward()
    assert vectors.grad is not None
    assert (vectors.grad[~known] == 0).all()
    assert (vectors.grad[known] != 0).any(dim=1).all()


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_known_rows_cost_nothing_and_still_have_a_gradient(count: int) -> None:
    vectors = torch.eye(3).requires_grad_()
    loss = DistillationLoss()(vectors, torch.full((3, 3), torch.nan), torch.arange(3) < count)
    loss.backward()
    assert loss.item() == 0.0
    assert vectors.grad is not None
    assert (vectors.grad == 0).all()


def test_perfect_agreement_has_a_finite_gradient() -> None:
    vectors = torch.eye(3).requires_grad_()
    DistillationLoss()(vectors, torch.eye(3), torch.ones(3, dtype=torch.bool)).backward()
    assert vectors.grad is not None
    assert vectors.grad.isfinite().all()


def test_a_negative_weight() -> None:
    with pytest.raises(ValueError, match=r"at least 0, not -1\.0 and 0\.0"):
        DistillationLoss(-1.0)
    with pytest.raises(ValueError, match=r"at least 0, not 1\.0 and -0\.1"):
        DistillationLoss(tolerance=-0.1)
