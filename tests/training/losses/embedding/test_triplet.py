import math

import pytest
import torch
from torch.nn import functional as F

from tests.training.losses.circle import at
from training.losses.embedding.triplet import TripletLoss


def test_by_hand() -> None:
    # Class 0 at 0° and 60°, class 1 at 90°. Anchor 0: farthest same 1 - cos 60° = 0.5, nearest other 1 - cos 90° = 1;
    # anchor 60: 0.5 and 1 - cos 30°. The third has no partner. Margin 0.6: 0.1 and 0.6 + 0.5 - 0.133975.
    loss = TripletLoss(0.6)(at(0, 60, 90), torch.tensor([0, 0, 1]))
    assert loss.item() == pytest.approx((0.1 + 1.1 - (1 - math.cos(math.radians(30)))) / 2, abs=1e-5)


def test_the_farthest_same_and_the_nearest_other_count() -> None:
    # For anchor 0°, of class 0 at 10° and 40° the latter, of class 1 at 180° and 90° the latter.
    labels = torch.tensor([0, 0, 0, 1, 2])
    vectors = at(0, 10, 40, 180, 90).requires_grad_()
    distances = 1 - vectors @ vectors.T
    anchors = [(0, 2, 4), (1, 2, 4), (2, 0, 4)]
    expected = torch.stack([0.9 + distances[a, far] - distances[a, near] for a, far, near in anchors]).clamp(min=0)
    torch.testing.assert_close(TripletLoss(0.9)(vectors, labels), expected.mean())


def test_well_separated_classes_cost_nothing() -> None:
    assert TripletLoss(0.3)(at(0, 5, 180, 175), torch.tensor([0, 0, 1, 1])).item() == 0.0


@pytest.mark.parametrize("labels", [[-1, -1, -1], [0, 0, 0], [0, 1, 2], [0, -1, 1], [0, 0, -1]])
def test_without_a_triplet_it_costs_nothing_and_has_a_gradient(labels: list[int]) -> None:
    vectors = at(0, 60, 90).requires_grad_()
    loss = TripletLoss()(vectors, torch.tensor(labels))
    loss.backward()
    assert loss.item() == 0.0
    assert vectors.grad is not None
    assert (vectors.grad == 0).all()


def test_unknown_labels_count_nothing() -> None:
    vectors = F.normalize(torch.randn(6, 4), dim=1).requires_grad_()
    labels = torch.tensor([0, -1, 0, 1, 1, -1])
    known = labels >= 0
    loss = TripletLoss(2.0)(vectors, labels)
    torch.testing.assert_close(loss, TripletLoss(2.0)(vectors[known], labels[known]))
    loss.backward()
    assert vectors.grad is not None
    assert (vectors.grad[~known] == 0).all()
    assert vectors.grad.isfinite().all()


def test_a_step_down_separates() -> None:
    vectors, labels = at(0, 60, 30, 90).requires_grad_(), torch.tensor([0, 0, 1, 1])
    before = TripletLoss()(vectors, labels)
    before.backward()
    assert vectors.grad is not None
    after = TripletLoss()(F.normalize(vectors.detach() - 0.05 * vectors.grad, dim=1), labels)
    assert after < before


@pytest.mark.parametrize("margin", [0.0, -0.3])
def test_a_margin_that_asks_for_nothing(margin: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        TripletLoss(margin)
