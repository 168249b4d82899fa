"""What a picture that is read may have suffered."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from training.data.batches import generator_for
from training.data.degradation import BLUR, Damage, blurred, compressed, damaged, hidden, random_damage


def smooth(count: int, size: int = 64) -> torch.Tensor:
    """Pictures with large forms and fine ones."""
    coarse = torch.rand(count, 3, 8, 8, generator=generator_for(1, 0, 0))
    fine = torch.rand(count, 3, size, size, generator=generator_for(1, 1, 0))
    return torch.nn.functional.interpolate(coarse, size, mode="bicubic").mul(1.6).sub(0.8) + 0.1 * (fine - 0.5)


def test_pictures_that_are_spared_are_as_they_were() -> None:
    images = smooth(4)
    damage = random_damage(4, 0.0, generator_for(2, 0, 0))
    assert torch.allclose(damaged(images, damage), images, atol=1e-6)


def test_each_befalls_its_share() -> None:
    damage = random_damage(20_000, 0.2, generator_for(3, 0, 0))
    area = (damage.box[:, 2:] - damage.box[:, :2]).prod(dim=1)
    for befallen in (damage.blur > 0, damage.quality < 100, area > 0):
        assert befallen.float().mean() == pytest.approx(0.2, abs=0.01)
    assert damage.blur.max() <= BLUR
    assert damage.box.min() >= 0
    assert damage.box.max() <= 1


def test_a_blur_is_a_gaussian() -> None:
    point = torch.zeros(1, 3, 65, 65)
    point[..., 32, 32] = 1.0
    spread = blurred(point, torch.tensor([0.9]))[0, 0]
    x = torch.arange(65) - 32.0
    assert spread.sum() == pytest.approx(1.0, abs=1e-5)
    assert (spread.sum(dim=0) * x**2).sum() == pytest.approx(0.9**2, rel=0.05)
    even = blurred(torch.full((2, 3, 16, 24), 0.3), torch.tensor([0.2, 0.9]))
    assert even.sub(0.3).abs().max() < 1e-6


@pytest.mark.parametrize("quality", [15, 40, 70])
def test_jpeg_is_what_a_library_makes_of_it(quality: int) -> None:
    images = smooth(3)
    ours = compressed(images, torch.full((3,), float(quality)))
    for image, mine in zip(images, ours, strict=True):
        pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(0, 2).numpy()
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=0)
        theirs = torch.from_numpy(np.array(Image.open(file))).movedim(2, 0) / 127.5 - 1
        # What both lose is the same, but for where a library rounds pixels and colours on the way.
        lost, there = (mine - image).flatten(), (theirs - image).flatten()
        assert torch.corrcoef(torch.stack([lost, there]))[0, 1] > 0.9
        assert lost.abs().mean() == pytest.approx(float(there.abs().mean()), rel=0.05)


def test_what_is_hidden_is_one_rectangle() -> None:
    images = smooth(2, 32)
    box = torch.tensor([[0.25, 0.5, 0.75, 1.0], [0.5, 0.5, 0.5, 0.5]])
    seen = hidden(images, box, torch.full((2, 3), 0.7))
    assert seen[0, :, 16:, 8:24].eq(0.7).all()
    changed = (seen != images).any(dim=1)
    assert changed[0].sum() == 16 * 16
    assert not changed[1].any()


def test_damage_of_ranks_is_that_of_the_whole() -> None:
    images = smooth(6)
    damage = random_damage(6, 0.5, generator_for(4, 0, 0))
    whole = damaged(images, damage)
    part = damaged(images[2:4], Damage(*(each[2:4] for each in vars(damage).values())))
    assert torch.allclose(whole[2:4], part, atol=1e-6)
