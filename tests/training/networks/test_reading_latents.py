"""Numbers that a drawing would show are told from its latent."""

import torch
from torch import Generator, Tensor

from model.attributes import EMBEDDING_SIZE
from training.networks.reading_latents import LatentReader


def latents(count: int, seed: int) -> Tensor:
    return torch.randn(count, EMBEDDING_SIZE, generator=Generator().manual_seed(seed))


def numbers(z: Tensor) -> Tensor:
    """A straight one, and two curved ones."""
    return torch.stack([z[:, 0] + z[:, 1], z[:, 2] * z[:, 3], torch.sigmoid(z[:, 4] + z[:, 5])], dim=1)


def test_straight_and_curved_numbers_are_told_of_other_latents() -> None:
    seen, other = latents(8000, 1), latents(1000, 2)
    reader = LatentReader.fit(seen, numbers(seen), steps=600)
    left = (reader(other) - numbers(other)).pow(2).mean(dim=0) / numbers(other).var(dim=0)
    assert left[0] < 0.02
    assert left[1] < 0.6
    assert left[2] < 0.2


def test_what_was_fitted_lets_gradients_pass_and_learns_no_more() -> None:
    seen, state = latents(500, 1), torch.random.get_rng_state()
    reader = LatentReader.fit(seen, numbers(seen), steps=5)
    torch.testing.assert_close(torch.random.get_rng_state(), state)
    z = latents(4, 3).requires_grad_()
    reader(z).sum().backward()
    assert z.grad is not None
    assert (z.grad != 0).any(dim=1).all()
    assert not any(parameter.requires_grad for parameter in reader.parameters())
    torch.testing.assert_close(reader(z), reader(z))
