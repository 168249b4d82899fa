import math

import pytest
import torch
from torch.nn import functional as F

from training.losses.embedding.uniformity import UniformityLoss


def test_by_hand() -> None:
    # Opposite points: squared distance 4, log exp(-4t) + 4t = 0. The same point twice: log 1 + 4t = 8 for t = 2.
    opposite = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert UniformityLoss()(opposite).item() == pytest.approx(0.0, abs=1e-5)
    assert UniformityLoss()(opposite[[0, 0]]).item() == pytest.approx(8.0, abs=1e-5)
    assert UniformityLoss(0.5)(opposite[[0, 0]]).item() == pytest.approx(2.0, abs=1e-5)
    # Points at right angles and opposite: of six ordered pairs two have squared distance 4, four have 2.
    three = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    expected = math.log((2 * math.exp(-4) + 4 * math.exp(-2)) / 6) + 4
    assert UniformityLoss(1.0)(three).item() == pytest.approx(expected, abs=1e-5)


def test_it_is_never_negative_and_knows_no_direction() -> None:
    vectors = F.normalize(torch.randn(20, 8), dim=1)
    rotation = torch.linalg.qr(torch.randn(8, 8)).Q
    loss = UniformityLoss()
    assert loss(vectors) >= 0
    torch.testing.assert_close(loss(vectors @ rotation), loss(vectors), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(loss(vectors.flip(0)), loss(vectors))


def test_a_step_down_spreads_a_cluster() -> None:
    vectors = F.normalize(torch.tensor([1.0, 0.0, 0.0]) + 0.1 * torch.randn(10, 3), dim=1).requires_grad_()
    UniformityLoss()(vectors).backward()
    assert vectors.grad is not None
    moved = F.normalize(vectors.detach() - 0.1 * vectors.grad, dim=1)
    assert UniformityLoss()(moved) < UniformityLoss()(vectors)
    assert torch.pdist(moved).mean() > torch.pdist(vectors.detach()).mean()


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_a_bad_temperature(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        UniformityLoss(temperature)
