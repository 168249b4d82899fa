from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import EMBEDDING_SIZE
from model.face_model import FaceModel
from tests.tiny import TINY, tiny_model
from training.networks.whitening import latents, whiten


def pictures(count: int) -> np.ndarray:
    """Smooth random pictures `(count, 64, 64, 3)`."""
    small = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
    large = torch.nn.functional.interpolate(small, size=(64, 64), mode="bilinear")
    return large.permute(0, 2, 3, 1).to(torch.uint8).numpy()


def modulated_model() -> FaceModel:
    """A model whose decoder reads z at every level, with modulations that have learnt something."""
    torch.manual_seed(0)
    model = FaceModel(replace(TINY, finer_channels=(8,), modulated=True)).eval()
    for reader in model.decoder.readers():
        torch.nn.init.normal_(reader.weight, std=0.05)
    return model


@pytest.mark.parametrize("make", [tiny_model, modulated_model])
def test_z_becomes_standard_and_nothing_else_changes(make: Callable[[], FaceModel]) -> None:
    model, pixels = make(), pictures(300)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        embeddings, drawn = model.embed(images), model(images)
        autoencoded, merged = model.decoder(model.encoder(images)), model.merger(embeddings)
    before = latents(model, pixels)
    assert before.shape == (300, EMBEDDING_SIZE)
    whiten(model, before)
    after = latents(model, pixels)
    torch.testing.assert_close(after.mean(dim=0), torch.zeros(EMBEDDING_SIZE).double(), atol=2e-3, rtol=0)
    torch.testing.assert_close(torch.cov(after.T), torch.eye(EMBEDDING_SIZE).double(), atol=5e-3, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(model.embed(images), embeddings, atol=1e-4, rtol=0)
        torch.testing.assert_close(model(images), drawn, atol=1e-4, rtol=0)
        torch.testing.assert_close(model.decoder(model.encoder(images)), autoencoded, atol=1e-4, rtol=0)
        assert (model.merger(embeddings) - merged).abs().max() > 0.1  # the merger writes the new coordinates


def test_directions_that_z_never_took_stay_finite_in_float16() -> None:
    model, pixels = tiny_model(), pictures(12)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        embeddings = model.embed(images)
        whiten(model, latents(model, pixels))
        model.load_state_dict({name: value.half().float() for name, value in model.state_dict().items()})
        torch.testing.assert_close(model.embed(images), embeddings, atol=0.02, rtol=0)


def test_what_is_white_already_draws_whom_it_drew() -> None:
    model, pixels = modulated_model(), pictures(300)
    whiten(model, latents(model, pixels))
    z = torch.randn(20, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        drawn = model.decoder(z)
        whiten(model, latents(model, pixels))
        torch.testing.assert_close(model.decoder(z), drawn, atol=1e-3, rtol=0)
        # By latents that lie further apart in some directions, each number is scaled, and none becomes another.
        before, scale = latents(model, pixels), torch.linspace(1.0, 1.3, EMBEDDING_SIZE).double()
        whiten(model, before * scale)
    torch.testing.assert_close(latents(model, pixels) * scale, before, atol=5e-3, rtol=0)


def test_one_crop_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="at least two crops"):
        whiten(tiny_model(), torch.zeros(1, EMBEDDING_SIZE))
