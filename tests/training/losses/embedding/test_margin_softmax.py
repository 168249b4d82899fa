import math

import pytest
import torch
from torch.nn import functional as F

from training.losses.embedding.margin_softmax import MarginSoftmaxLoss


def axes(scale: float, margin: float) -> MarginSoftmaxLoss:
    """Three classes along the axes, whose directions are not of length 1."""
    loss = MarginSoftmaxLoss(3, 3, scale, margin)
    with torch.no_grad():
        loss.directions.copy_(5.0 * torch.eye(3))
    return loss


def test_by_hand() -> None:
    # The true class's logit is 4 (1 - 0.5) = 2, the others' 0: -log(e² / (e² + 2)).
    loss = axes(4.0, 0.5)(torch.eye(3)[:1], torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log((math.exp(2) + 2) / math.exp(2)), abs=1e-6)
    # For a wrong label: the true one's logit is 4 (0 - 0.5) = -2, the others' 4 and 0.
    wrong = axes(4.0, 0.5)(torch.eye(3)[:1], torch.tensor([1]))
    assert wrong.item() == pytest.approx(math.log(math.exp(-2) + math.exp(4) + 1) + 2, abs=1e-5)


def test_without_margin_it_is_cross_entropy_of_scaled_cosines() -> None:
    loss = MarginSoftmaxLoss(5, 8, scale=3.0, margin=0.0)
    vectors, labels = F.normalize(torch.randn(6, 8), dim=1), torch.randint(5, (6,))
    cosines = F.cosine_similarity(vectors[:, None], loss.directions[None], dim=2)
    torch.testing.assert_close(loss(vectors, labels), F.cross_entropy(3.0 * cosines, labels))


def test_a_margin_makes_it_harder() -> None:
    vectors, labels = torch.eye(3), torch.arange(3)
    losses = [axes(4.0, margin)(vectors, labels).item() for margin in (0.0, 0.2, 0.5)]
    assert losses == sorted(losses)
    assert losses[0] < losses[2]


def test_unknown_labels_count_nothing() -> None:
    loss, vectors = axes(4.0, 0.2), F.normalize(torch.randn(4, 3), dim=1).requires_grad_()
    labels = torch.tensor([2, -1, 0, -1])
    value = loss(vectors, labels)
    assert value.item() == loss(vectors[[0, 2]], labels[[0, 2]]).item()
    value.backward()
    assert vectors.grad is not None
    assert (vectors.grad[[1, 3]] == 0).all()
    assert (vectors.grad[[0, 2]] != 0).any()


def test_only_unknown_labels_cost_nothing_and_have_a_gradient() -> None:
    vectors = torch.eye(3).requires_grad_()
    loss = axes(4.0, 0.2)(vectors, torch.full((3,), -1))
    loss.backward()
    assert loss.item() == 0.0


def test_a_step_down_brings_a_vector_and_its_class_together() -> None:
    loss, label = axes(4.0, 0.2), torch.tensor([0])
    vector = F.normalize(torch.tensor([[1.0, 1.0, 0.0]]), dim=1).requires_grad_()
    loss(vector, label).backward()
    for parameter in (vector, loss.directions):
        before = F.cosine_similarity(vector, loss.directions[label])
        assert parameter.grad is not None
        with torch.no_grad():
            parameter -= 0.1 * parameter.grad
        assert F.cosine_similarity(vector, loss.directions[label]) > before


@pytest.mark.parametrize(
    ("classes", "scale", "margin"), [(0, 16.0, 0.2), (3, 0.0, 0.2), (3, -1.0, 0.2), (3, 16.0, 1.0), (3, 16.0, -0.1)]
)
def test_bad_settings(classes: int, scale: float, margin: float) -> None:
    with pytest.raises(ValueError, match="expected classes >= 1"):
        MarginSoftmaxLoss(classes, 8, scale, margin)
