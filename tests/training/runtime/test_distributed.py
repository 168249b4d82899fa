import pytest
import torch

from training.runtime import distributed as ranks
from training.runtime.gradients import MeanGradients


def test_alone_everything_is_mine() -> None:
    rows = torch.randn(5, 3, requires_grad=True)
    assert (ranks.rank(), ranks.count()) == (0, 1)
    assert torch.equal(ranks.mine(rows), rows)
    assert ranks.gathered(rows) is rows
    assert ranks.mean(rows) is rows
    assert ranks.anywhere(True, rows.device)
    assert not ranks.anywhere(False, rows.device)
    with ranks.joined("cpu") as device:
        assert device == torch.device("cpu")
    means = MeanGradients([rows])
    rows.sum().backward()
    means.finish()
    assert torch.equal(rows.grad, torch.ones_like(rows))


def test_shares_are_strides_whose_first_rows_are_the_first_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = torch.arange(12)
    monkeypatch.setattr(ranks, "count", lambda: 3)
    shares = []
    for rank in range(3):
        monkeypatch.setattr(ranks, "rank", lambda rank=rank: rank)
        shares.append(ranks.mine(rows))
    assert torch.equal(torch.stack(shares, dim=1).flatten(), rows)
    assert sorted(int(row) for share in shares for row in share[:2]) == list(range(6))
