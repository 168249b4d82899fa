import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from training.losses.embedding.cycle import LEAST_SPREAD, CycleLoss

LOSS = CycleLoss()
UNIT = [attribute for attribute in Attribute if SPACES[attribute].unit]


def embeddings(count: int) -> Tensor:
    f = torch.randn(count, EMBEDDING_SIZE)
    for space in SPACES.values():
        if space.unit:
            f[:, space.slice] = F.normalize(f[:, space.slice], dim=1)
    return f


def right_angles() -> Tensor:
    """Two faces whose unit parts stand at right angles, so that their spread is 1, and whose angles differ by 0.2."""
    f = torch.zeros(2, EMBEDDING_SIZE)
    f[1, SPACES[Attribute.POSE].slice] = 0.2
    for attribute in UNIT:
        start = SPACES[attribute].start
        f[0, start], f[1, start + 1] = 1.0, 1.0
    return f


def test_by_hand() -> None:
    f = right_angles()
    other = f.clone()
    # 0.1 off in one of three angles, over a spread of 0.2: (0.1 / 3) / 0.2 = 1/6. Mean over four attributes.
    other[:, SPACES[Attribute.POSE].start] += 0.1
    assert LOSS(other, f).item() == pytest.approx(1 / 6 / 4, abs=1e-5)
    # Identity turned round: 1 - cosine is 2, over a spread of 1.
    other[:, SPACES[Attribute.IDENTITY].slice] *= -1
    assert LOSS(other, f).item() == pytest.approx((1 / 6 + 2.0) / 4, abs=1e-5)


def test_another_faces_embedding_costs_one() -> None:
    f = right_angles()
    assert LOSS(f.flip(0), f).item() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("attribute", UNIT)
def test_where_faces_are_alike_small_errors_weigh_more(attribute: Attribute) -> None:
    far = right_angles()
    near = far.clone()
    part = near[:, SPACES[attribute].slice]
    part[1] = F.normalize(part[0] + 0.5 * part[1], dim=0)  # from 90 degrees to 26.6 apart
    spread = 1 - (part[0] @ part[1]).item()

    def turned(f: Tensor) -> Tensor:
        other = f.clone()
        other[:, SPACES[attribute].start + 2] = 0.1
        other[:, SPACES[attribute].slice] = F.normalize(other[:, SPACES[attribute].slice], dim=1)
        return other

    assert LOSS(turned(near), near).item() == pytest.approx(LOSS(turned(far), far).item() / spread, rel=1e-3)


def test_faces_that_are_all_one_do_not_blow_errors_up() -> None:
    f = right_angles()[:1].repeat(2, 1)
    other = f.clone()
    other[:, SPACES[Attribute.STYLE].slice] *= -1
    assert LOSS(other, f).item() == pytest.approx(2.0 / LEAST_SPREAD / 4, rel=1e-4)


def test_agreement_costs_nothing_and_every_number_gets_a_gradient() -> None:
    a, b = embeddings(4).requires_grad_(), embeddings(4)
    assert LOSS(b, b).item() == pytest.approx(0.0, abs=1e-5)
    LOSS(a, b).backward()
    assert a.grad is not None
    assert (a.grad != 0).all()
