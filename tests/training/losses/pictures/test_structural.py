import numpy as np
import pytest
import torch
from torch import Tensor

from model.engine.backend import Pixels
from model.images.ssim import ssim
from tests.faces import draw_face
from training.losses.pictures.structural import C1, StructuralLoss

LOSS = StructuralLoss()


def tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1.0).permute(2, 0, 1)[None]


def everywhere(images: Tensor) -> Tensor:
    return torch.ones_like(images[:, :1])


def test_flat_pictures_by_hand() -> None:
    # Without variance the structure is 1. Of range 2, the brightnesses above black are 1.5 and 0.5: 2 · 0.75 / 2.5.
    a = torch.full((1, 3, 16, 16), 0.5)
    assert LOSS(-a, a, everywhere(a)).item() == pytest.approx(1 - (1.5 + C1) / (2.5 + C1), abs=1e-3)


@pytest.mark.parametrize("noise", [2.0, 20.0, 80.0])
def test_it_agrees_with_the_similarity_of_pictures(noise: float) -> None:
    face = draw_face(64)
    rough = np.clip(face + np.random.default_rng(0).normal(0, noise, face.shape), 0, 255).astype(np.uint8)
    a, b = tensor(face), tensor(rough)
    assert 1 - LOSS(a, b, everywhere(a)).item() == pytest.approx(ssim(face, rough), abs=1e-3)


def test_agreement_costs_nothing_and_order_does_not_matter() -> None:
    a, b = tensor(draw_face(64, 1)), tensor(draw_face(64, 2))
    assert LOSS(a, a, everywhere(a)).item() == pytest.approx(0.0, abs=1e-5)
    assert LOSS(a, b, everywhere(a)).item() == pytest.approx(LOSS(b, a, everywhere(a)).item(), abs=1e-6)
    assert LOSS(a, b, everywhere(a)).item() > 0.1


def test_only_what_was_photographed_counts() -> None:
    a, b = tensor(draw_face(64, 1)), tensor(draw_face(64, 1))
    b[..., :32] = -b[..., :32]
    mask = everywhere(a)
    mask[..., : 32 + 5] = 0.0  # windows reach five pixels to each side
    assert LOSS(b, a, mask).item() == pytest.approx(0.0, abs=1e-5)
    assert LOSS(b, a, everywhere(a)).item() > 0.3
    assert LOSS(b, a, torch.zeros_like(mask)).item() == 1.0


def test_descending_it_restores_the_picture() -> None:
    image = tensor(draw_face(64))
    drawn = (image + 0.2 * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))).requires_grad_()
    before = LOSS(drawn, image, everywhere(image))
    before.backward()
    assert drawn.grad is not None
    with torch.no_grad():
        drawn -= 0.05 * drawn.grad / drawn.grad.abs().max()
    assert LOSS(drawn, image, everywhere(image)) < before
