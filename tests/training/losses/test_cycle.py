import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.losses.cycle import POSE_SCALE, CycleLoss

LOSS = CycleLoss()


def embeddings(count: int) -> Tensor:
    f = torch.randn(count, EMBEDDING_SIZE)
    for space in SPACES.values():
        if space.unit:
            f[:, space.slice] = F.normalize(f[:, space.slice], dim=1)
    return f


def test_by_hand() -> None:
    f = embeddings(3)
    # Half a POSE_SCALE off in one of three angles: 0.5 / 3. Identity turned round: 2. Mean over four attributes.
    other = f.clone()
    other[:, SPACES[Attribute.POSE].start] += 0.5 * POSE_SCALE
    assert LOSS(other, f).item() == pytest.approx(0.5 / 3 / 4, abs=1e-5)
    other[:, SPACES[Attribute.IDENTITY].slice] *= -1
    assert LOSS(other, f).item() == pytest.approx((0.5 / 3 + 2.0) / 4, abs=1e-5)


@pytest.mark.parametrize("attribute", [a for a in Attribute if SPACES[a].unit])
def test_each_opposite_unit_part_costs_a_half(attribute: Attribute) -> None:
    f = embeddings(2)
    other = f.clone()
    other[:, SPACES[attribute].slice] *= -1
    assert LOSS(other, f).item() == pytest.approx(0.5, abs=1e-5)


def test_agreement_costs_nothing_and_order_does_not_matter() -> None:
    a, b = embeddings(5), embeddings(5)
    assert LOSS(a, a).item() == pytest.approx(0.0, abs=1e-6)
    assert LOSS(a, b).item() == pytest.approx(LOSS(b, a).item(), abs=1e-6)


def test_every_number_gets_a_gradient() -> None:
    a = embeddings(4).requires_grad_()
    LOSS(a, embeddings(4)).backward()
    assert a.grad is not None
    assert (a.grad != 0).all()
