import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.losses.leakage import LeakageLoss, rv_coefficient

POSE, IDENTITY, EXPRESSION, STYLE = (SPACES[attribute].slice for attribute in Attribute)


def independent(count: int) -> Tensor:
    f = torch.randn(count, EMBEDDING_SIZE)
    for space in SPACES.values():
        if space.unit:
            f[:, space.slice] = F.normalize(f[:, space.slice], dim=1)
    return f


def test_the_coefficient_by_hand() -> None:
    # One number that is ±1, and two of which the first is its copy and the second an independent ±1: XᵀY = [4, 0],
    # ‖XᵀX‖ = 4, ‖YᵀY‖ = √(16 + 16).
    x = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])
    y = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert rv_coefficient(x, y).item() == pytest.approx(16 / (4 * 32**0.5))
    assert rv_coefficient(x, y[:, 1:]).item() == 0.0
    assert rv_coefficient(x, torch.zeros(4, 1)).item() == 0.0


def test_the_coefficient_knows_no_turn_and_no_size() -> None:
    x, y = torch.randn(50, 6), torch.randn(50, 4)
    turn = torch.linalg.qr(torch.randn(6, 6)).Q
    torch.testing.assert_close(rv_coefficient(3.0 * x @ turn, y), rv_coefficient(x, y))
    assert rv_coefficient(x, 2.0 * x @ turn).item() == pytest.approx(1.0, abs=1e-5)
    assert 0.0 < rv_coefficient(x, y).item() < 1.0


def test_independent_parts_leak_nothing_and_a_copy_all_that_a_pair_can() -> None:
    f = independent(4000)
    nothing = LeakageLoss()(f).item()
    assert nothing < 0.02
    f[:, STYLE] = f[:, IDENTITY]
    assert LeakageLoss()(f).item() == pytest.approx(nothing + 1 / 6, abs=0.01)  # one of six pairs


def test_the_later_part_gives_way_and_the_earlier_stands() -> None:
    f = independent(200)
    f[:, EXPRESSION] = F.normalize(f[:, EXPRESSION] + f[:, IDENTITY], dim=1)
    gradient = gradient_of(f)
    assert (gradient[:, POSE] == 0).all()
    moved = f - 100.0 * gradient
    assert LeakageLoss()(moved) < LeakageLoss()(f)
    assert rv(moved, IDENTITY, EXPRESSION) < rv(f, IDENTITY, EXPRESSION)
    # Whatever the later parts are, identity moves by what it knows of pose alone.
    other = f.clone()
    other[:, EXPRESSION], other[:, STYLE] = f[:, STYLE], f[:, IDENTITY]
    torch.testing.assert_close(gradient_of(other)[:, IDENTITY], gradient[:, IDENTITY])


def gradient_of(f: Tensor) -> Tensor:
    f = f.clone().requires_grad_()
    [gradient] = torch.autograd.grad(LeakageLoss()(f), f)
    return gradient


def rv(f: Tensor, first: slice, second: slice) -> float:
    f = f - f.mean(dim=0)
    return rv_coefficient(f[:, first], f[:, second]).item()


def test_a_batch_beside_its_past_shows_less_chance_correlation() -> None:
    loss = LeakageLoss()
    alone = loss(independent(32)).item()
    for _ in range(32):
        value = loss(independent(32)).item()
        loss.queue.push()
    assert value < alone / 4
