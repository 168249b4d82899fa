import pytest
import torch

from training.losses.pictures.masked import masked_mean
from training.runtime import distributed as ranks


def test_by_hand() -> None:
    values = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, 1, 1, 2)
    mask = torch.tensor([1.0, 0.0, 0.5, 0.5]).reshape(2, 1, 1, 2)
    assert masked_mean(values, mask).item() == pytest.approx((1.0 + 1.5 + 2.0) / 2.0)
    assert masked_mean(values, torch.zeros_like(mask)).item() == 0.0


def test_the_means_of_unequal_shares_average_to_the_mean_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    values, mask = torch.rand(4, 1, 8, 8), (torch.rand(4, 1, 8, 8) < 0.5).float()
    mask[0] = 0.0
    whole = masked_mean(values, mask)
    monkeypatch.setattr(ranks, "mean", lambda _: mask.sum() / 2)  # what the other process would tell
    shares = [masked_mean(values[rank::2], mask[rank::2]) for rank in range(2)]
    torch.testing.assert_close(torch.stack(shares).mean(), whole)
