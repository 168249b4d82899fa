import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.training.losses.circle import at
from training.losses.embedding.graded_triplet import GradedTripletLoss, label_distance

UNKNOWN = [math.nan, math.nan]


def feelings(*rows: list[float]) -> Tensor:
    return torch.tensor(list(rows))


def test_label_distances_by_hand() -> None:
    corner, centre = torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.0])
    nan = torch.tensor(UNKNOWN)
    happy, angry, unknown = torch.tensor(1), torch.tensor(4), torch.tensor(-1)
    assert label_distance(happy, happy, nan, nan).item() == 0.0
    assert label_distance(happy, angry, nan, centre).item() == 1.0
    assert label_distance(unknown, angry, corner, -corner).item() == pytest.approx(1.0)
    assert label_distance(unknown, unknown, corner, centre).item() == pytest.approx(0.5)
    assert label_distance(happy, angry, corner, centre).item() == pytest.approx(0.75)
    assert label_distance(happy, happy, corner, centre).item() == pytest.approx(0.25)
    assert label_distance(unknown, angry, nan, centre).isnan()


def test_with_classes_alone_it_is_the_triplet_loss_over_all_triplets() -> None:
    # Anchors 0° and 60° of one class, 90° of another: 0.5 + d(0, 60) - d(0, 90) and 0.5 + d(60, 0) - d(60, 90).
    loss = GradedTripletLoss(0.5)(at(0, 60, 90), torch.tensor([0, 0, 1]), feelings(UNKNOWN, UNKNOWN, UNKNOWN))
    near = 1 - math.cos(math.radians(30))
    assert loss.item() == pytest.approx((max(0.0, 0.5 + 0.5 - 1.0) + 0.5 + 0.5 - near) / 2, abs=1e-5)


def test_the_margin_grows_with_the_distance_in_valence_and_arousal() -> None:
    # From the anchor, a lies 0.5 and b 1.0 away in the labels: b must be 0.5 · margin farther than a.
    values = feelings([1.0, 1.0], [0.0, 0.0], [-1.0, -1.0])
    labels = torch.full((3,), -1)
    right = at(0, 60, 90)  # distances from 0°: 0.5 and 1; from 90°: 1 and 0.134, of equal labels' order
    assert GradedTripletLoss(0.2)(right, labels, values).item() == 0.0
    # The two ends as anchors want 0.5 · 2 more distance between middle and far end; the middle has no order.
    wanted = [1.0 + 0.5 - 1.0, 1.0 + (1 - math.cos(math.radians(30))) - 1.0]
    assert GradedTripletLoss(2.0)(right, labels, values).item() == pytest.approx(sum(wanted) / 2, abs=1e-5)


@pytest.mark.parametrize("labels", [[-1, -1, -1], [2, 2, 2], [0, -1, -1]])
def test_without_an_order_it_costs_nothing_and_has_a_gradient(labels: list[int]) -> None:
    vectors = at(0, 60, 90).requires_grad_()
    loss = GradedTripletLoss()(vectors, torch.tensor(labels), feelings(UNKNOWN, UNKNOWN, UNKNOWN))
    loss.backward()
    assert loss.item() == 0.0
    assert vectors.grad is not None
    assert (vectors.grad == 0).all()


def test_faces_without_labels_count_nothing() -> None:
    vectors = F.normalize(torch.randn(8, 4), dim=1).requires_grad_()
    labels = torch.tensor([0, 0, -1, 1, 1, -1, 0, 1])
    loss = GradedTripletLoss(2.0)(vectors, labels, feelings(*[UNKNOWN] * 8))
    loss.backward()
    assert vectors.grad is not None
    assert (vectors.grad[labels < 0] == 0).all()
    assert (vectors.grad[labels >= 0] != 0).any(dim=1).all()
    known = labels >= 0
    torch.testing.assert_close(
        loss, GradedTripletLoss(2.0)(vectors[known], labels[known], feelings(*[UNKNOWN] * int(known.sum())))
    )


def test_descending_it_puts_feelings_in_order() -> None:
    along = torch.linspace(-1, 1, 9)
    values = torch.stack([along, torch.zeros(9)], dim=1)[torch.randperm(9)]
    vectors = F.normalize(torch.randn(9, 3), dim=1)
    loss, labels = GradedTripletLoss(1.0), torch.full((9,), -1)
    for _ in range(300):
        vectors.requires_grad_()
        [gradient] = torch.autograd.grad(loss(vectors, labels, values), vectors)
        vectors = F.normalize(vectors.detach() - 0.3 * gradient, dim=1)
    order = values[:, 0].argsort()
    ends = 1 - vectors[order[0]] @ vectors[order[8]]
    assert ends > 1 - vectors[order[0]] @ vectors[order[4]] > 1 - vectors[order[0]] @ vectors[order[1]]
    assert loss(vectors, labels, values) < 0.02


@pytest.mark.parametrize("margin", [0.0, -0.5])
def test_a_margin_that_asks_for_nothing(margin: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        GradedTripletLoss(margin)
