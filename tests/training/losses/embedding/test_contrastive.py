import math

import pytest
import torch
from torch.nn import functional as F

from tests.training.losses.circle import at
from training.losses.embedding.contrastive import ContrastiveLoss


def test_by_hand() -> None:
    # Class 0 at 0° and 60°, class 1 at 90°, temperature 1: log(e^cos60 + e^cos90) - cos60, and with cos30 for cos90.
    first = math.log(math.exp(0.5) + math.exp(0.0)) - 0.5
    second = math.log(math.exp(0.5) + math.exp(math.cos(math.radians(30)))) - 0.5
    loss = ContrastiveLoss(1.0)(at(0, 60, 90), torch.tensor([0, 0, 1]))
    assert loss.item() == pytest.approx((first + second) / 2, abs=1e-5)


def test_with_two_of_a_class_each_weighs_half() -> None:
    vectors, labels = at(0, 20, 50, 180), torch.tensor([0, 0, 0, 1])
    logits = vectors @ vectors.T / 0.5
    logits.fill_diagonal_(-torch.inf)
    log_share = logits.log_softmax(dim=1)
    expected = -torch.stack([(log_share[a, b] + log_share[a, c]) / 2 for a, b, c in ((0, 1, 2), (1, 0, 2), (2, 0, 1))])
    torch.testing.assert_close(ContrastiveLoss(0.5)(vectors, labels), expected.mean())


def test_tight_classes_far_apart_cost_next_to_nothing() -> None:
    assert ContrastiveLoss(0.1)(at(0, 0, 180, 180), torch.tensor([0, 0, 1, 1])).item() < 1e-7


@pytest.mark.parametrize("labels", [[-1, -1, -1], [0, 1, 2], [0, -1, 1]])
def test_without_a_pair_it_costs_nothing_and_has_a_gradient(labels: list[int]) -> None:
    vectors = at(0, 60, 90).requires_grad_()
    loss = ContrastiveLoss()(vectors, torch.tensor(labels))
    loss.backward()
    assert loss.item() == 0.0
    assert vectors.grad is not None
    assert (vectors.grad == 0).all()


def test_unknown_labels_are_neither_same_nor_other() -> None:
    vectors = F.normalize(torch.randn(6, 4), dim=1).requires_grad_()
    labels = torch.tensor([0, -1, 0, 1, 1, -1])
    known = labels >= 0
    loss = ContrastiveLoss()(vectors, labels)
    torch.testing.assert_close(loss, ContrastiveLoss()(vectors[known], labels[known]))
    loss.backward()
    assert vectors.grad is not None
    assert (vectors.grad[~known] == 0).all()
    assert vectors.grad.isfinite().all()


def test_a_step_down_gathers_a_class() -> None:
    vectors, labels = at(0, 60, 30, 90).requires_grad_(), torch.tensor([0, 0, 1, 1])
    before = ContrastiveLoss()(vectors, labels)
    before.backward()
    assert vectors.grad is not None
    moved = F.normalize(vectors.detach() - 0.01 * vectors.grad, dim=1)
    assert ContrastiveLoss()(moved, labels) < before
    assert moved[0] @ moved[1] > vectors[0] @ vectors[1]


def test_a_temperature_of_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        ContrastiveLoss(0.0)
