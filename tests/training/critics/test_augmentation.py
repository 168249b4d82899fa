import torch
from torch import Generator, Tensor

from training.critics.augmentation import BRIGHTNESS, CONTRAST, SATURATION, SHIFT, Disguise


def still(count: int, **changes: Tensor) -> Disguise:
    one = torch.ones(count, 1, 1, 1)
    return Disguise(
        **({"brightness": 0 * one, "saturation": one, "contrast": one, "shift": torch.zeros(count, 2)} | changes)
    )


def test_nothing_changes_nothing() -> None:
    images = torch.rand(3, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(still(3)(images), images)


def test_each_change_by_hand() -> None:
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    brighter = still(2, brightness=torch.tensor([0.25, -0.1]).view(2, 1, 1, 1))(images)
    torch.testing.assert_close(brighter.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)) + torch.tensor([0.25, -0.1]))
    grey = still(2, saturation=torch.zeros(2, 1, 1, 1))(images)
    torch.testing.assert_close(grey, images.mean(dim=1, keepdim=True).expand_as(images))
    stronger = still(2, contrast=torch.full((2, 1, 1, 1), 1.25))(images)
    torch.testing.assert_close(stronger.std(dim=(1, 2, 3)), 1.25 * images.std(dim=(1, 2, 3)))


def test_shifts_move_right_and_down_and_leave_grey_behind() -> None:
    images = torch.rand(1, 3, 16, 16) + 0.5
    shifted = still(1, shift=torch.tensor([[0.125, -0.0625]]))(images)
    assert torch.equal(shifted[..., :15, 2:], images[..., 1:, :14])
    assert not shifted[..., :2].any()
    assert not shifted[..., 15, :].any()


def test_random_ones_keep_their_bounds_follow_their_generator_and_let_gradients_through() -> None:
    disguise = Disguise.random(500, Generator().manual_seed(0))
    assert 0.9 * BRIGHTNESS < disguise.brightness.abs().max() <= BRIGHTNESS
    assert 0.9 * SATURATION < (disguise.saturation - 1).abs().max() <= SATURATION
    assert 0.9 * CONTRAST < (disguise.contrast - 1).abs().max() <= CONTRAST
    assert 0.9 * SHIFT < disguise.shift.abs().max() <= SHIFT
    again = Disguise.random(500, Generator().manual_seed(0))
    assert torch.equal(disguise.shift, again.shift)
    images = torch.rand(5, 3, 16, 16, requires_grad=True)
    disguise(images).square().sum().backward()
    assert images.grad is not None
    assert all((images.grad != 0).any(dim=(1, 2, 3)))
