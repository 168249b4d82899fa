import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.losses.embedding.leakage import LeakageLoss, explained, lifted

POSE, IDENTITY, EXPRESSION, STYLE = (SPACES[attribute].slice for attribute in Attribute)


def random(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def independent(count: int, seed: int = 1) -> Tensor:
    f = torch.randn(count, EMBEDDING_SIZE, generator=random(seed))
    for space in SPACES.values():
        if space.unit:
            f[:, space.slice] = F.normalize(f[:, space.slice], dim=1)
    return f


def value(f: Tensor) -> float:
    return float(LeakageLoss()(f, random()).item())


def test_a_copy_is_explained_wholly_and_noise_by_chance_alone() -> None:
    x, noise = torch.randn(5000, 8, generator=random()), torch.randn(5000, 3, generator=random(1))
    assert explained(x[:, :3], x).item() == pytest.approx(1.0, abs=0.01)
    assert 0.0 <= explained(noise, x).item() < 0.01


def test_a_direction_with_little_variance_counts_as_much_as_any() -> None:
    """The weakness of measures by variance: what hides in a small number is still read."""
    y = torch.randn(4000, 1, generator=random())
    x = torch.randn(4000, 8, generator=random(1))
    x[:, :1] = 0.01 * y
    assert explained(y, lifted(x, random())).item() > 0.9


def test_what_no_straight_line_finds_is_found() -> None:
    y = torch.randn(4000, 1, generator=random())
    sign = torch.randint(0, 2, (4000, 1), generator=random(2)) * 2.0 - 1.0
    x = torch.cat([sign * y.abs().sqrt(), torch.randn(4000, 1, generator=random(1))], dim=1)
    assert explained(y.square(), x).item() < 0.05
    assert explained(y.square(), lifted(x, random())).item() > 0.5


def test_half_of_the_variance() -> None:
    x, noise = (torch.randn(5000, 1, generator=random(seed)) for seed in (0, 1))
    assert explained((x + noise) / 2**0.5, x).item() == pytest.approx(0.5, abs=0.03)


def test_independent_parts_leak_by_chance_and_a_copy_all_that_a_pair_can() -> None:
    f = independent(4000)
    nothing = value(f)
    assert nothing < 0.05
    f[:, STYLE] = f[:, IDENTITY]
    assert value(f) == pytest.approx(nothing + 1 / 6, abs=0.02)  # one of six pairs


def test_the_later_part_gives_way_and_the_earlier_stands() -> None:
    f = independent(500)
    f[:, EXPRESSION] = F.normalize(f[:, EXPRESSION] + f[:, IDENTITY], dim=1)
    gradient = gradient_of(f)
    assert (gradient[:, POSE] == 0).all()
    assert value(f - 100.0 * gradient) < value(f)


def test_a_batch_beside_its_past_shows_less_chance_correlation() -> None:
    loss = LeakageLoss()
    values = []
    for step in range(33):
        values.append(loss(independent(64, step), random(step)).item())
        loss.queue.push()
    assert values[-1] < values[0] / 4


def test_the_gradient_does_not_shrink_with_the_queue() -> None:
    """A batch beside a queue of copies of itself pulls each row as hard as the batch alone would."""
    f = independent(400)
    f[:, STYLE] = f[:, IDENTITY]
    alone = gradient_of(f)
    loss = LeakageLoss()
    for _ in range(3):
        loss(f, random())
        loss.queue.push()
    inner = f.clone().requires_grad_()
    [beside] = torch.autograd.grad(loss(inner, random()), inner)
    torch.testing.assert_close(beside, alone, atol=1e-5, rtol=1e-2)


def gradient_of(f: Tensor) -> Tensor:
    f = f.clone().requires_grad_()
    [gradient] = torch.autograd.grad(LeakageLoss()(f, random()), f)
    return gradient
