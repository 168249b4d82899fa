import torch

from model.networks.blocks import Down, Residual, Up


def test_a_residual_block_starts_as_the_identity() -> None:
    x = torch.randn(2, 16, 8, 8)
    assert torch.equal(Residual(16)(x), x)


def test_a_residual_block_learns_from_the_first_step() -> None:
    block = Residual(8)
    block(torch.randn(2, 8, 4, 4)).square().sum().backward()
    assert block.conv2.weight.grad is not None
    assert block.conv2.weight.grad.abs().max() > 0


def test_down_halves_and_up_doubles() -> None:
    x = torch.randn(2, 8, 12, 8)
    assert Down(8, 16)(x).shape == (2, 16, 6, 4)
    assert Up(8, 16)(x).shape == (2, 16, 24, 16)


def test_a_picture_does_not_depend_on_its_batch() -> None:
    block, x = Down(8, 8).eval(), torch.randn(3, 8, 8, 8)
    torch.testing.assert_close(block(x)[1:2], block(x[1:2]))
