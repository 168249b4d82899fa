"""The slope that is penalised is the discriminator's own."""

import torch

from training.losses.gradient_penalty import GradientPenalty


def test_of_a_linear_score_it_is_half_the_squared_weights() -> None:
    # score = 3 a - 4 b has the gradient (3, -4) everywhere: (9 + 16) / 2.
    inputs = torch.randn(5, 2, requires_grad=True)
    scores = inputs @ torch.tensor([3.0, -4.0])
    assert GradientPenalty()(scores, inputs).item() == 12.5


def test_of_a_quadratic_score_it_is_the_mean_over_rows() -> None:
    # score = x² has the gradient 2 x: half of 4 at x = 1, of 36 at x = 3, and (2 + 18) / 2.
    inputs = torch.tensor([[1.0], [3.0]], requires_grad=True)
    assert GradientPenalty()(inputs.square().squeeze(1), inputs).item() == 10.0


def test_it_flattens_the_discriminator_that_descends_it() -> None:
    weight = torch.tensor([2.0], requires_grad=True)
    inputs = torch.randn(4, 1, requires_grad=True)
    GradientPenalty()((inputs * weight).squeeze(1), inputs).backward()
    # The penalty is w² / 2, whose derivative is w.
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, torch.tensor([2.0]))
